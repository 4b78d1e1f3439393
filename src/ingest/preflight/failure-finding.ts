import { isTransient, toAppError } from '../../errors.ts';
import type { Finding, FindingCode } from './finding.ts';

/** A call that failed, as the finding that it amounts to. */
export function failureFinding(error: unknown): Finding {
  const { code, message } = toAppError(error);
  const [finding, advice] = isTransient(code) ? unreachable : (known[code] ?? unexpected);
  return { code: finding, severity: 'error', message, advice };
}

const unreachable = ['UNREACHABLE', 'Nothing is known yet: run the preflight again in a few minutes.'] as const;
const unexpected = ['UNEXPECTED', 'Ask whoever runs Billvault; the message says what AWS answered.'] as const;

const known: Readonly<Record<string, readonly [FindingCode, string]>> = {
  CREDENTIALS: [
    'CREDENTIAL_ERROR',
    'Check the AWS identity of the Billvault service itself; the client has nothing to do.',
  ],
  BAD_INPUT: ['CREDENTIAL_ERROR', 'Correct the role, region, bucket or prefix that the message names.'],
  ASSUME_ROLE_DENIED: [
    'EXTERNAL_ID_REFUSED',
    "Have the client put our principal and exactly this external ID into the role's trust policy, and check that the role exists.",
  ],
  LIST_DENIED: ['LIST_DENIED', 'Have the client allow the role s3:ListBucket on the bucket for this prefix.'],
  GET_DENIED: ['GET_DENIED', 'Have the client allow the role s3:GetObject on the keys under this prefix.'],
  KMS_DENIED: [
    'KMS_DENIED',
    "Have the client allow the role kms:Decrypt, both in the role's policy and in the key's own policy.",
  ],
  BUCKET_NOT_FOUND: ['BUCKET_NOT_FOUND', "Check the bucket's name: it is exact, and names exist once in a partition."],
  FILE_COLD: [
    'OBJECT_COLD',
    'Have the client restore the object, and keep a lifecycle rule from archiving billing files that are still wanted.',
  ],
  FILE_MISSING: ['EXPORT_UNHEALTHY', 'A file vanished after it was listed: run the preflight again.'],
};
