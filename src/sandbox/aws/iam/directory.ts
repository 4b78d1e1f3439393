import { randomBytes } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Note } from '../change.ts';
import { maxSessions } from '../limits.ts';
import type { Caller, Credentials } from './caller.ts';
import { parsePolicy } from './parse-policy.ts';
import type { Policy } from './policy.ts';

export interface NewUser {
  readonly accountId: string;
  readonly name: string;
  /** Default `aws`. */
  readonly partition?: string;
  /** Default: may assume whatever role trusts it, and nothing else. */
  readonly policy?: unknown;
  /** Default: a new one. */
  readonly accessKey?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface User extends Credentials {
  readonly arn: string;
  readonly accountId: string;
  readonly policy: unknown;
}

export interface NewRole {
  readonly accountId: string;
  readonly name: string;
  /** Default `aws`. */
  readonly partition?: string;
  readonly trustPolicy: unknown;
  readonly policy: unknown;
  /** Default 3600, as in AWS. */
  readonly maxSessionSeconds?: number;
}

export interface Role {
  readonly arn: string;
  readonly accountId: string;
  readonly name: string;
  readonly partition: string;
  readonly roleId: string;
  readonly trustPolicy: unknown;
  readonly policy: unknown;
  readonly maxSessionSeconds: number;
}

export interface Session extends Credentials {
  readonly token: string;
  readonly arn: string;
  readonly roleArn: string;
  readonly userId: string;
  readonly sessionPolicy: Policy | undefined;
  readonly expiresAtMs: number;
}

const assumeAnything = { Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }] };

/** Users, roles and sessions of all accounts. Policies are checked when they come in, and evaluated as they were given. */
export class Directory {
  readonly #note: Note;
  readonly #users = new Map<string, User>();
  readonly #roles = new Map<string, Role>();
  readonly #sessions = new Map<string, Session>();
  readonly #parsed = new WeakMap<object, Policy>();

  constructor(note: Note) {
    this.#note = note;
  }

  createUser(input: NewUser): User {
    const policy = input.policy ?? assumeAnything;
    parsePolicy(policy);
    const user: User = {
      arn: `arn:${input.partition ?? 'aws'}:iam::${input.accountId}:user/${input.name}`,
      accountId: input.accountId,
      policy,
      ...(input.accessKey ?? { accessKeyId: newId('AKIA'), secretAccessKey: newSecret() }),
    };
    this.addUser(user);
    return user;
  }

  putRole(input: NewRole): Role {
    parsePolicy(input.trustPolicy);
    parsePolicy(input.policy);
    const partition = input.partition ?? 'aws';
    const arn = `arn:${partition}:iam::${input.accountId}:role/${input.name}`;
    const role: Role = {
      arn,
      accountId: input.accountId,
      name: input.name,
      partition,
      roleId: this.#roles.get(arn)?.roleId ?? newId('AROA'),
      trustPolicy: input.trustPolicy,
      policy: input.policy,
      maxSessionSeconds: input.maxSessionSeconds ?? 3600,
    };
    this.addRole(role);
    return role;
  }

  addUser(user: User): void {
    this.#note({ kind: 'user', user });
    this.#users.set(user.accessKeyId, user);
  }

  addRole(role: Role): void {
    this.#note({ kind: 'role', role });
    this.#roles.set(role.arn, role);
  }

  deleteRole(arn: string): void {
    this.#note({ kind: 'role-gone', arn });
    this.#roles.delete(arn);
  }

  role(arn: string): Role | undefined {
    return this.#roles.get(arn);
  }

  policyOf(source: unknown): Policy {
    if (typeof source !== 'object' || source === null) return parsePolicy(source);
    const known = this.#parsed.get(source) ?? parsePolicy(source);
    this.#parsed.set(source, known);
    return known;
  }

  startSession(details: Pick<Session, 'arn' | 'roleArn' | 'userId' | 'sessionPolicy' | 'expiresAtMs'>): Session {
    const session: Session = {
      ...details,
      accessKeyId: newId('ASIA'),
      secretAccessKey: newSecret(),
      token: randomBytes(96).toString('base64'),
    };
    this.#sessions.set(session.accessKeyId, session);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > maxSessions && oldest !== undefined) this.#sessions.delete(oldest);
    return session;
  }

  /** @throws AwsError InvalidAccessKeyId, InvalidToken, ExpiredToken */
  identify(
    accessKeyId: string,
    token: string | undefined,
    nowMs: number,
  ): { readonly caller: Caller; readonly secretAccessKey: string } {
    const user = this.#users.get(accessKeyId);
    if (user !== undefined) {
      if (token !== undefined) throw invalidToken();
      return { caller: this.#userCaller(user), secretAccessKey: user.secretAccessKey };
    }
    const session = this.#sessions.get(accessKeyId);
    const role = session === undefined ? undefined : this.#roles.get(session.roleArn);
    if (session === undefined || role === undefined) {
      throw new AwsError('InvalidAccessKeyId', 'nobody has this access key', {
        fields: { AWSAccessKeyId: accessKeyId },
      });
    }
    if (token !== session.token) throw invalidToken();
    if (nowMs >= session.expiresAtMs) throw new AwsError('ExpiredToken', 'the session is over');
    return { caller: this.#sessionCaller(session, role), secretAccessKey: session.secretAccessKey };
  }

  users(): readonly User[] {
    return [...this.#users.values()];
  }

  roles(): readonly Role[] {
    return [...this.#roles.values()];
  }

  #userCaller(user: User): Caller {
    return {
      arn: user.arn,
      principalArn: user.arn,
      userId: `AIDA${user.accessKeyId.slice(4)}`,
      accountId: user.accountId,
      principals: [user.arn, ...accountNames(user.arn, user.accountId)],
      identityPolicy: this.policyOf(user.policy),
      sessionPolicy: undefined,
      isSession: false,
    };
  }

  #sessionCaller(session: Session, role: Role): Caller {
    return {
      arn: session.arn,
      principalArn: role.arn,
      userId: session.userId,
      accountId: role.accountId,
      principals: [session.arn, role.arn, ...accountNames(role.arn, role.accountId)],
      identityPolicy: this.policyOf(role.policy),
      sessionPolicy: session.sessionPolicy,
      isSession: true,
    };
  }
}

function accountNames(arn: string, accountId: string): readonly string[] {
  return [`arn:${arn.split(':')[1]}:iam::${accountId}:root`, accountId];
}

function newId(prefix: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return prefix + [...randomBytes(16)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

function newSecret(): string {
  return randomBytes(30).toString('base64');
}

function invalidToken(): AwsError {
  return new AwsError('InvalidToken', 'no session has this token');
}
