import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { AppError } from '../errors.ts';
import { type AwsCall, mapAwsError } from './map-error.ts';

/** A client's role as registered. */
export interface AssumableRole {
  readonly arn: string;
  /** Without one, none is sent: only a preflight does that, to see the role refuse. */
  readonly externalId?: string | undefined;
  /** Whose regional STS endpoint is asked: the global one knows no opt-in region and lives in one place. */
  readonly region: string;
}

export interface AssumeRequest {
  readonly role: AssumableRole;
  readonly sessionName: string;
  /** Session policy as JSON. */
  readonly policy: string;
  readonly sessionSeconds: number;
}

export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/** Long enough that a request that was just signed is never refused, whatever the clocks say. */
const REFRESH_BEFORE_EXPIRY_MS = 5 * 60_000;
/** While STS is out of reach and the session still lives, it is asked again no sooner than this. */
const RETRY_REFRESH_AFTER_MS = 15_000;

/** @throws AppError ASSUME_ROLE_DENIED, CREDENTIALS, BAD_INPUT or a transient code */
export async function assumeRole(
  sts: STSClient,
  request: AssumeRequest,
  signal?: AbortSignal,
): Promise<SessionCredentials> {
  const { role } = request;
  const call: AwsCall = { operation: 'assume-role', roleArn: role.arn, region: role.region };
  const command = new AssumeRoleCommand({
    RoleArn: role.arn,
    RoleSessionName: request.sessionName,
    Policy: request.policy,
    DurationSeconds: request.sessionSeconds,
    ...(role.externalId === undefined ? {} : { ExternalId: role.externalId }),
  });
  try {
    const { Credentials } = await sts.send(command, signal ? { abortSignal: signal } : {});
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
      throw new AppError('SERVER_ERROR', `assume role ${role.arn}: STS answered without credentials`);
    }
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: Expiration,
    };
  } catch (error) {
    throw mapAwsError(error, call, signal);
  }
}

/**
 * The credentials of one assumed session, kept and renewed before they expire. Whoever signs a request asks for them
 * then, so a read that lasts for hours goes on with new ones at its next request. Any number of callers share one
 * request to STS.
 */
export class RefreshingCredentials {
  readonly #assume: () => Promise<SessionCredentials>;
  readonly #now: () => number;
  #current: SessionCredentials | undefined;
  #pending: Promise<SessionCredentials> | undefined;
  #nextRefreshAt = 0;

  constructor(assume: () => Promise<SessionCredentials>, now: () => number = Date.now) {
    this.#assume = assume;
    this.#now = now;
  }

  /** @throws AppError as assumeRole does, once nothing usable is left */
  async get(): Promise<SessionCredentials> {
    const current = this.#current;
    if (current && this.#now() < this.#nextRefreshAt) return current;
    try {
      return await this.#refresh();
    } catch (error) {
      // A failed renewal loses nothing while the session before it lives.
      if (!current || this.#current !== current || this.#now() >= current.expiration.getTime()) throw error;
      this.#nextRefreshAt = this.#now() + RETRY_REFRESH_AFTER_MS;
      return current;
    }
  }

  /** Forget the session that the server refused, unless it has been renewed since. */
  invalidate(accessKeyId: string | undefined): void {
    if (this.#current?.accessKeyId === accessKeyId) this.#current = undefined;
  }

  get accessKeyId(): string | undefined {
    return this.#current?.accessKeyId;
  }

  #refresh(): Promise<SessionCredentials> {
    this.#pending ??= this.#assume()
      .then((session) => {
        this.#current = session;
        this.#nextRefreshAt = session.expiration.getTime() - REFRESH_BEFORE_EXPIRY_MS;
        return session;
      })
      .finally(() => {
        this.#pending = undefined;
      });
    return this.#pending;
  }
}
