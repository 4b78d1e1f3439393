import { createHash } from 'node:crypto';

// STS AssumeRole: RoleSessionName matches [\w+=,.@-]{2,64}.
const MAX_SESSION_NAME_LENGTH = 64;
const DIGEST_LENGTH = 8;

/**
 * The RoleSessionName that the client finds in CloudTrail: `billvault-<client>-<job>`. What STS does not allow becomes
 * `-`; a name that would be too long is cut and ends in a digest, so that two jobs never look like one.
 */
export function sessionName(client: string, job: string): string {
  const whole = `billvault-${client}-${job}`;
  const allowed = whole.replace(/[^A-Za-z0-9_+=,.@-]/g, '-');
  if (allowed === whole && whole.length <= MAX_SESSION_NAME_LENGTH) return whole;
  const digest = createHash('sha256').update(whole).digest('hex').slice(0, DIGEST_LENGTH);
  return `${allowed.slice(0, MAX_SESSION_NAME_LENGTH - DIGEST_LENGTH - 1)}-${digest}`;
}
