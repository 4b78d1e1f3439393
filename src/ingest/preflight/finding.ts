/** What a preflight can find. Stored and shown: added to, never renamed. */
export const findingCodes = [
  // as it should be
  'ROLE_ASSUMED',
  'EXTERNAL_ID_REQUIRED',
  'WRONG_EXTERNAL_ID_REFUSED',
  'PREFIX_LISTED',
  'EXPORT_FOUND',
  'OBJECT_READ',
  // the role
  'CREDENTIAL_ERROR',
  'EXTERNAL_ID_REFUSED',
  'ASSUMABLE_WITHOUT_EXTERNAL_ID',
  'ASSUMABLE_WITH_WRONG_EXTERNAL_ID',
  // the bucket
  'LIST_DENIED',
  'GET_DENIED',
  'KMS_DENIED',
  'BUCKET_NOT_FOUND',
  'BUCKET_IN_OTHER_REGION',
  'OBJECT_COLD',
  // what lies in it
  'PREFIX_EMPTY',
  'NO_MANIFEST',
  'EXPORT_UNHEALTHY',
  'FORMAT_UNSUPPORTED',
  'EXPORTS_OVERLAP',
  // the check itself
  'LISTING_CUT',
  'UNREACHABLE',
  'UNEXPECTED',
] as const;

export type FindingCode = (typeof findingCodes)[number];

export type Severity = 'ok' | 'info' | 'warning' | 'error';

export interface Finding {
  readonly code: FindingCode;
  /** An `error` keeps this client's data from coming in safely; a `warning` may. */
  readonly severity: Severity;
  readonly message: string;
  /** What to do about it; empty where there is nothing to do. */
  readonly advice: string;
}
