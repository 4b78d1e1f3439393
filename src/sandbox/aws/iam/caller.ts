import type { Policy } from './policy.ts';

/** Who signed a request. */
export interface Caller {
  readonly arn: string;
  /** Of the user, or of the role that the session is of: what aws:PrincipalArn says. */
  readonly principalArn: string;
  readonly userId: string;
  readonly accountId: string;
  /** Every name that a policy may give this caller. */
  readonly principals: readonly string[];
  /** What it may do at most: of its user, or of its role. */
  readonly identityPolicy: Policy;
  /** What a session was narrowed to; undefined for users and for sessions that were not. */
  readonly sessionPolicy: Policy | undefined;
  /** A session that assumes another role is chained, and limited to an hour. */
  readonly isSession: boolean;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}
