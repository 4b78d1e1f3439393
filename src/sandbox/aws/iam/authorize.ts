import type { Caller } from './caller.ts';
import type { ConditionContext } from './condition.ts';
import { evaluate, type Policy } from './policy.ts';

export interface AccessRequest {
  readonly caller: Caller;
  readonly action: string;
  readonly resource: string;
  /** The account that owns the resource. */
  readonly ownerAccountId: string;
  /** The policy on the resource itself (bucket policy), if it has one. */
  readonly resourcePolicy: Policy | undefined;
  readonly context: ConditionContext;
}

/**
 * Whether a caller may do something: no policy denies it, the session policy (if any) allows it, and then within one
 * account either side's permission is enough, while across accounts both sides must agree.
 */
export function isAllowed(request: AccessRequest): boolean {
  const { caller } = request;
  const access = { ...request, principals: caller.principals };
  const byIdentity = evaluate(caller.identityPolicy, access);
  const bySession = caller.sessionPolicy === undefined ? 'Allow' : evaluate(caller.sessionPolicy, access);
  const byResource = request.resourcePolicy === undefined ? undefined : evaluate(request.resourcePolicy, access);
  if (byIdentity === 'Deny' || byResource === 'Deny' || bySession !== 'Allow') return false;
  if (caller.accountId === request.ownerAccountId) return byIdentity === 'Allow' || byResource === 'Allow';
  return byIdentity === 'Allow' && byResource === 'Allow';
}
