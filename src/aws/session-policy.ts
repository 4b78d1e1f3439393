import { AppError } from '../errors.ts';
import type { PolicyDocument } from './policy.ts';
import { type ReadScope, readStatements } from './read-policy.ts';

// STS AssumeRole: the plain text of an inline session policy has at most 2,048 characters.
const MAX_SESSION_POLICY_LENGTH = 2_048;

/**
 * The session policy of a reader, as JSON: whatever the client's role may do, this session may list and read the one
 * prefix only.
 * @throws AppError BAD_INPUT if the prefix makes it longer than STS takes
 */
export function readSessionPolicy(scope: ReadScope): string {
  const policy: PolicyDocument = { Version: '2012-10-17', Statement: readStatements(scope) };
  return sessionPolicyText(policy, scope);
}

/** @throws AppError BAD_INPUT if the prefix makes it longer than STS takes */
export function sessionPolicyText(policy: PolicyDocument, scope: Pick<ReadScope, 'bucket' | 'prefix'>): string {
  const text = JSON.stringify(policy);
  if (text.length <= MAX_SESSION_POLICY_LENGTH) return text;
  throw new AppError(
    'BAD_INPUT',
    `the session policy for s3://${scope.bucket}/${scope.prefix} has ${text.length} characters and STS takes ` +
      `${MAX_SESSION_POLICY_LENGTH}: register a shorter prefix (this one has ${scope.prefix.length} characters)`,
  );
}

/** The session policy of a probe, which wants to know whether a role can be assumed and nothing else. */
export function denyAllSessionPolicy(): string {
  const policy: PolicyDocument = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
  };
  return JSON.stringify(policy);
}
