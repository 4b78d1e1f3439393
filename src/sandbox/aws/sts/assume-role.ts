import { AwsError } from '../aws-error.ts';
import type { Caller } from '../iam/caller.ts';
import type { Role } from '../iam/directory.ts';
import { PolicyError, parsePolicy } from '../iam/parse-policy.ts';
import { evaluate, type Policy } from '../iam/policy.ts';
import { maxSessionPolicyChars } from '../limits.ts';
import type { World } from '../world.ts';
import { element, text } from '../xml.ts';

const minSessionSeconds = 900;
const defaultSessionSeconds = 3600;
/** A session made with a session's credentials lasts an hour at most, whatever the role allows. */
const maxChainedSeconds = 3600;

/**
 * Session credentials for a role, if the role trusts the caller under the external ID given, and the caller may ask.
 * @returns the inside of `AssumeRoleResult`
 * @throws AwsError AccessDenied (also for a role that does not exist), ValidationError, MalformedPolicyDocument
 */
export function assumeRole(world: World, caller: Caller, form: URLSearchParams): string {
  const roleArn = form.get('RoleArn') ?? '';
  const sessionName = readSessionName(form);
  const externalId = readExternalId(form);
  const sessionPolicy = readSessionPolicy(form);
  const role = world.directory.role(roleArn);
  if (role === undefined || !isTrusted(world, role, caller, { externalId, sessionName })) {
    throw new AwsError('AccessDenied', `${caller.arn} may not assume ${roleArn}`);
  }
  const seconds = readDuration(form, role, caller);
  const arn = `arn:${role.partition}:sts::${role.accountId}:assumed-role/${role.name.split('/').at(-1)}/${sessionName}`;
  const userId = `${role.roleId}:${sessionName}`;
  const expiresAtMs = world.clock.nowMs() + seconds * 1000;
  const session = world.directory.startSession({ arn, roleArn, userId, sessionPolicy, expiresAtMs });
  return (
    element('AssumedRoleUser', text('Arn', arn), text('AssumedRoleId', userId)) +
    element(
      'Credentials',
      text('AccessKeyId', session.accessKeyId),
      text('SecretAccessKey', session.secretAccessKey),
      text('SessionToken', session.token),
      text('Expiration', new Date(expiresAtMs).toISOString()),
    )
  );
}

interface TrustFacts {
  readonly externalId: string | undefined;
  readonly sessionName: string;
}

/**
 * The role's trust policy must allow it, and across accounts (or where the trust is in the account's root) the caller's
 * own policy too; within one account naming the caller is enough.
 */
function isTrusted(world: World, role: Role, caller: Caller, facts: TrustFacts): boolean {
  const context = new Map([
    ['sts:rolesessionname', facts.sessionName],
    ['aws:principalarn', caller.arn],
    ['aws:principalaccount', caller.accountId],
    ['aws:securetransport', 'true'],
  ]);
  if (facts.externalId !== undefined) context.set('sts:externalid', facts.externalId);
  const access = { action: 'sts:AssumeRole', resource: role.arn, context };
  const trust = world.directory.policyOf(role.trustPolicy);
  if (evaluate(trust, { ...access, principals: caller.principals }) !== 'Allow') return false;
  const byCaller = evaluate(caller.identityPolicy, { ...access, principals: caller.principals });
  const bySession =
    caller.sessionPolicy === undefined
      ? 'Allow'
      : evaluate(caller.sessionPolicy, { ...access, principals: caller.principals });
  if (byCaller === 'Deny' || bySession !== 'Allow') return false;
  const isNamedAtHome =
    caller.accountId === role.accountId && evaluate(trust, { ...access, principals: namesOf(caller) }) === 'Allow';
  return isNamedAtHome || byCaller === 'Allow';
}

/** The caller's own names, without those of its account. */
function namesOf(caller: Caller): readonly string[] {
  return caller.principals.filter((name) => !name.endsWith(':root') && name !== caller.accountId);
}

function readSessionName(form: URLSearchParams): string {
  const name = form.get('RoleSessionName') ?? '';
  if (/^[\w+=,.@-]{2,64}$/.test(name)) return name;
  throw invalid(
    'roleSessionName',
    name,
    'Member must satisfy regular expression pattern: [\\w+=,.@-]*, of length 2 to 64',
  );
}

function readExternalId(form: URLSearchParams): string | undefined {
  const externalId = form.get('ExternalId');
  if (externalId === null) return undefined;
  if (/^[\w+=,.@:/-]{2,1224}$/.test(externalId)) return externalId;
  throw invalid(
    'externalId',
    externalId,
    'Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]*, of length 2 to 1224',
  );
}

function readSessionPolicy(form: URLSearchParams): Policy | undefined {
  const source = form.get('Policy');
  if (source === null) return undefined;
  if (source.length > maxSessionPolicyChars) {
    throw invalid('policy', '…', `Member must have length less than or equal to ${maxSessionPolicyChars}`);
  }
  try {
    return parsePolicy(source);
  } catch (error) {
    if (error instanceof PolicyError) throw new AwsError('MalformedPolicyDocument', error.message);
    throw error;
  }
}

function readDuration(form: URLSearchParams, role: Role, caller: Caller): number {
  const asked = form.get('DurationSeconds');
  const seconds = asked === null ? defaultSessionSeconds : Number(asked);
  if (!Number.isInteger(seconds) || seconds < minSessionSeconds) {
    throw invalid(
      'durationSeconds',
      asked ?? '',
      `Member must have value greater than or equal to ${minSessionSeconds}`,
    );
  }
  if (caller.isSession && seconds > maxChainedSeconds) {
    throw new AwsError('ValidationError', 'a role that assumes a role gets one hour at most');
  }
  if (seconds > Math.max(role.maxSessionSeconds, minSessionSeconds) && asked !== null) {
    throw new AwsError('ValidationError', 'sessions of this role are shorter than that');
  }
  return Math.min(seconds, Math.max(role.maxSessionSeconds, minSessionSeconds));
}

function invalid(field: string, value: string, constraint: string): AwsError {
  return new AwsError(
    'ValidationError',
    `1 validation error detected: Value '${value}' at '${field}' failed to satisfy constraint: ${constraint}`,
  );
}
