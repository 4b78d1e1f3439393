import { AppError, type ErrorCode } from '../errors.ts';
import { isNetworkCode, VendorError } from './vendor-error.ts';

/** The request that failed: what an error's message names. */
export type AwsCall =
  | { readonly operation: 'assume-role'; readonly roleArn: string; readonly region: string }
  | {
      readonly operation: 'kms';
      readonly action: 'GetPublicKey' | 'Sign';
      readonly keyId: string;
      readonly region: string;
    }
  | { readonly operation: 'list'; readonly bucket: string; readonly prefix: string; readonly of?: 'versions' }
  /** A setting of a bucket; `permission` is the action that it takes, such as `s3:PutBucketVersioning`. */
  | { readonly operation: 'bucket'; readonly bucket: string; readonly permission: string }
  | { readonly operation: 'head' | 'get'; readonly bucket: string; readonly key: string; readonly versionId?: string }
  | { readonly operation: 'put'; readonly bucket: string; readonly key: string }
  /** Lock, hold or restore of one version; `permission` is the action that it takes, such as `s3:GetObjectRetention`. */
  | {
      readonly operation: 'version';
      readonly bucket: string;
      readonly key: string;
      readonly versionId: string;
      readonly permission: string;
    };

/** Vendor codes whose meaning does not depend on the request. The HTTP status decides for all others. */
const codeByVendorCode: Readonly<Record<string, ErrorCode>> = {
  NoSuchBucket: 'BUCKET_NOT_FOUND',
  NoSuchKey: 'FILE_MISSING',
  NoSuchVersion: 'FILE_MISSING',
  MethodNotAllowed: 'FILE_MISSING', // a delete marker read by its version
  PreconditionFailed: 'FILE_CHANGED',
  InvalidRange: 'FILE_CHANGED', // the object is shorter than it was listed
  ConditionalRequestConflict: 'FILE_CHANGED', // another write of the key came between
  NoSuchUpload: 'FILE_CHANGED', // ended by somebody else, or by ourselves when its answer was lost
  BadDigest: 'NETWORK', // what arrived is not what was sent
  XAmzContentSHA256Mismatch: 'NETWORK',
  IncompleteBody: 'NETWORK',
  InvalidObjectState: 'FILE_COLD',
  SlowDown: 'THROTTLED',
  Throttling: 'THROTTLED',
  ThrottlingException: 'THROTTLED',
  ThrottledException: 'THROTTLED',
  RequestThrottled: 'THROTTLED',
  RequestLimitExceeded: 'THROTTLED',
  TooManyRequestsException: 'THROTTLED',
  ServiceUnavailable: 'THROTTLED',
  RequestTimeout: 'TIMEOUT',
  TimeoutError: 'TIMEOUT',
  ETIMEDOUT: 'TIMEOUT',
  ExpiredToken: 'CREDENTIALS',
  ExpiredTokenException: 'CREDENTIALS',
  InvalidToken: 'CREDENTIALS',
  InvalidAccessKeyId: 'CREDENTIALS',
  InvalidClientTokenId: 'CREDENTIALS',
  UnrecognizedClientException: 'CREDENTIALS',
  SignatureDoesNotMatch: 'CREDENTIALS',
  IncompleteSignature: 'CREDENTIALS',
  RequestTimeTooSkewed: 'CREDENTIALS',
  RequestExpired: 'CREDENTIALS',
  CredentialsProviderError: 'CREDENTIALS',
  TokenProviderError: 'CREDENTIALS',
  RegionDisabledException: 'CREDENTIALS',
  InvalidBucketName: 'BAD_INPUT',
  MalformedPolicyDocument: 'BAD_INPUT',
  MalformedPolicyDocumentException: 'BAD_INPUT',
  PackedPolicyTooLarge: 'BAD_INPUT',
  PackedPolicyTooLargeException: 'BAD_INPUT',
  ValidationError: 'BAD_INPUT',
  KeyTooLongError: 'BAD_INPUT',
  PermanentRedirect: 'BAD_CONFIG',
  AuthorizationHeaderMalformed: 'BAD_CONFIG',
  IllegalLocationConstraintException: 'BAD_CONFIG',
  BucketAlreadyExists: 'CONFLICT',
  BucketAlreadyOwnedByYou: 'CONFLICT',
  OperationAborted: 'CONFLICT', // another change of the same bucket is under way
  InvalidBucketState: 'BUCKET_UNFIT',
  InvalidStorageClass: 'BUCKET_UNFIT',
  NotImplemented: 'BUCKET_UNFIT',
};

/** What only KMS says, or says with a meaning of its own: "Common errors" of its API, and those of GetPublicKey and Sign. */
const codeByKmsCode: Readonly<Record<string, ErrorCode>> = {
  AccessDeniedException: 'KMS_DENIED',
  DisabledException: 'KMS_DENIED',
  KMSInvalidStateException: 'KMS_DENIED',
  NotFoundException: 'BAD_CONFIG',
  InvalidArnException: 'BAD_CONFIG',
  InvalidKeyUsageException: 'BAD_CONFIG',
  UnsupportedOperationException: 'BAD_CONFIG',
  ValidationException: 'BAD_CONFIG',
  InvalidSignatureException: 'CREDENTIALS',
  IncompleteSignatureException: 'CREDENTIALS',
  MissingAuthenticationTokenException: 'CREDENTIALS',
  KeyUnavailableException: 'SERVER_ERROR',
  DependencyTimeoutException: 'SERVER_ERROR',
  KMSInternalException: 'SERVER_ERROR',
};

/**
 * The one place where an error of AWS, of its SDK or of a socket becomes ours. The message names what was asked for, and
 * what to do about it; the cause is a VendorError, which holds no secret.
 */
export function mapAwsError(error: unknown, call: AwsCall, signal?: AbortSignal): AppError {
  if (error instanceof AppError) return error;
  const cause = new VendorError(error);
  const code = errorCode(cause, call, signal);
  return new AppError(code, `${subject(call)}: ${explanation(code, cause, call)}${origin(cause)}`, { cause });
}

/** Whether new session credentials may help. HEAD has no body, so there an expired token is just a 400. */
export function isExpiredSession(error: unknown, call: AwsCall): boolean {
  const { vendorCode, httpStatus } = new VendorError(error);
  if (/^(ExpiredToken|InvalidToken|RequestExpired)/.test(vendorCode)) return true;
  return call.operation === 'head' && httpStatus === 400;
}

/** The region that an answer says the bucket is in, where the request went to another. */
export function redirectedRegion(error: unknown): string | undefined {
  const { httpStatus, bucketRegion } = new VendorError(error);
  return httpStatus === 301 || httpStatus === 307 || httpStatus === 400 ? bucketRegion : undefined;
}

function errorCode(cause: VendorError, call: AwsCall, signal: AbortSignal | undefined): ErrorCode {
  if (signal?.aborted || cause.vendorCode === 'AbortError') return 'CANCELLED';
  if (call.operation === 'kms' && Object.hasOwn(codeByKmsCode, cause.vendorCode)) {
    return codeByKmsCode[cause.vendorCode] ?? 'INTERNAL';
  }
  // A write takes several permissions, some of KMS: its refusal is one code, whichever of them is missing.
  if (call.operation === 'put' && cause.httpStatus === 403 && cause.vendorCode === 'AccessDenied')
    return 'WRITE_DENIED';
  if (isKmsRefusal(cause)) return 'KMS_DENIED';
  if (isLockMissing(cause, call)) return 'BUCKET_UNFIT';
  // What we ask of a write is well formed: a look-alike refuses so what it does not know, such as a storage class of AWS's.
  if (call.operation === 'put' && cause.vendorCode === 'InvalidArgument') return 'BUCKET_UNFIT';
  const known = Object.hasOwn(codeByVendorCode, cause.vendorCode) ? codeByVendorCode[cause.vendorCode] : undefined;
  if (known !== undefined) return known;
  if (isNetworkCode(cause.vendorCode)) return 'NETWORK';
  return codeOfStatus(cause.httpStatus, call);
}

/** S3 answers for KMS with codes of its own, or with AccessDenied and a message that names the action. */
function isKmsRefusal(cause: VendorError): boolean {
  if (cause.vendorCode.startsWith('KMS.')) return true;
  return cause.httpStatus === 403 && /\bkms:|ciphertext/i.test(cause.message);
}

/** "Bucket is missing Object Lock Configuration", said with a code that stands for many things; others say the code only. */
function isLockMissing(cause: VendorError, call: AwsCall): boolean {
  if (cause.vendorCode !== 'InvalidRequest' || (call.operation !== 'put' && call.operation !== 'version')) return false;
  return /object lock/i.test(cause.message) || isSilent(cause);
}

function isSilent({ message, vendorCode }: VendorError): boolean {
  return message === vendorCode || message === 'UnknownError';
}

function codeOfStatus(status: number | undefined, call: AwsCall): ErrorCode {
  if (status === undefined) return 'INTERNAL';
  if (status === 401 || status === 403) return deniedCode(call);
  if (call.operation === 'kms' && (status === 400 || status === 404)) return 'BAD_CONFIG';
  if (status === 404) return isOfBucket(call) ? 'BUCKET_NOT_FOUND' : 'FILE_MISSING';
  // A delete marker read by its version; HEAD has no document that would say so.
  if (status === 405 && !isOfBucket(call)) return 'FILE_MISSING';
  if (status === 408) return 'TIMEOUT';
  if (call.operation === 'bucket' && status === 400) return 'BAD_INPUT';
  if (call.operation === 'bucket' && status === 409) return 'CONFLICT';
  if (status === 412 || status === 416) return 'FILE_CHANGED';
  if (status === 429 || status === 503) return 'THROTTLED';
  if (status >= 300 && status < 400) return 'BAD_CONFIG';
  // A success that the SDK could not read is the server's fault as well.
  if (status >= 500 || status < 300) return 'SERVER_ERROR';
  return 'INTERNAL';
}

function isOfBucket(call: AwsCall): boolean {
  return call.operation === 'list' || call.operation === 'bucket';
}

function deniedCode(call: AwsCall): ErrorCode {
  switch (call.operation) {
    case 'assume-role':
      return 'ASSUME_ROLE_DENIED';
    case 'kms':
      return 'KMS_DENIED';
    case 'list':
      return 'LIST_DENIED';
    case 'bucket':
    case 'version':
      return 'ACCESS_DENIED';
    case 'put':
      return 'WRITE_DENIED';
    case 'head':
    case 'get':
      return 'GET_DENIED';
  }
}

function subject(call: AwsCall): string {
  switch (call.operation) {
    case 'assume-role':
      return `assume role ${call.roleArn} through STS of ${call.region}`;
    case 'kms':
      return `kms:${call.action} with key ${call.keyId} in ${call.region}`;
    case 'list':
      return `list ${call.of === 'versions' ? 'versions under ' : ''}s3://${call.bucket}/${call.prefix}`;
    case 'bucket':
      return `${call.permission} on bucket ${call.bucket}`;
    case 'version':
      return `${call.permission} on s3://${call.bucket}/${call.key}, version ${call.versionId}`;
    case 'put':
      return `write s3://${call.bucket}/${call.key}`;
    case 'head':
    case 'get':
      return `read s3://${call.bucket}/${call.key}${call.versionId === undefined ? '' : `, version ${call.versionId}`}`;
  }
}

function explanation(code: ErrorCode, cause: VendorError, call: AwsCall): string {
  switch (code) {
    case 'ASSUME_ROLE_DENIED':
      return 'refused; the role must exist and its trust policy must name our principal and this external ID';
    case 'LIST_DENIED':
      return `access denied; the role needs ${isOfVersions(call) ? 's3:ListBucketVersions' : 's3:ListBucket'} on the bucket for this prefix`;
    case 'GET_DENIED':
      return `access denied; the role needs ${isOfVersions(call) ? 's3:GetObjectVersion' : 's3:GetObject'} on this key, and the key must exist`;
    case 'WRITE_DENIED':
      return writeDeniedExplanation(cause);
    case 'ACCESS_DENIED':
      return 'access denied; grant it this permission';
    case 'CONFLICT':
      return 'somebody else has this name, or is changing it at this moment';
    case 'BUCKET_UNFIT':
      return isLockMissing(cause, call)
        ? 'the bucket has no Object Lock; switch it on (archive bucket plan shows how)'
        : 'the bucket, or the server, does not take this';
    case 'KMS_DENIED':
      if (call.operation === 'kms') return 'refused; grant kms:GetPublicKey and kms:Sign, and enable the key';
      if (call.operation === 'put') return 'KMS refused; the key must exist, be enabled, and grant kms:GenerateDataKey';
      return 'the object is encrypted; the role needs kms:Decrypt, and the key must be enabled and grant it';
    case 'BUCKET_NOT_FOUND':
      return 'there is no such bucket; check its name';
    case 'FILE_MISSING':
      return 'there is no such object';
    case 'FILE_CHANGED':
      if (call.operation === 'put') return 'another write of this key came between';
      return 'changed while it was read; it will be read again as it is now';
    case 'FILE_COLD':
      return 'the object lies in an archive class; restore it first';
    case 'CREDENTIALS':
      return credentialsExplanation(cause, call);
    case 'THROTTLED':
      return 'asked to slow down, and still after several attempts';
    case 'SERVER_ERROR':
      return 'the server failed';
    case 'NETWORK':
      return isNetworkCode(cause.vendorCode)
        ? 'the connection failed or broke'
        : 'the bytes that arrived are not those that were to be sent';
    case 'TIMEOUT':
      return 'no answer in time';
    case 'CANCELLED':
      return 'cancelled';
    case 'BAD_CONFIG':
      if (call.operation === 'kms')
        return 'there is no such key, or it is not of the kind; check archive.signing.kmsKeyId';
      return `the endpoint does not serve this bucket${cause.bucketRegion ? `, which is in ${cause.bucketRegion}` : ''}; check region and endpoint`;
    case 'BAD_INPUT':
      return 'refused as malformed';
    default:
      return 'unexpected answer';
  }
}

function isOfVersions(call: AwsCall): boolean {
  return (call.operation === 'list' && call.of === 'versions') || ('versionId' in call && call.versionId !== undefined);
}

/** S3 mostly names the action that it missed; else all that a locked, encrypted write takes are named. */
function writeDeniedExplanation(cause: VendorError): string {
  const action = /\b(?:s3|kms):[A-Za-z]+/.exec(cause.message)?.[0];
  if (action !== undefined) return `access denied; the role needs ${action}`;
  return (
    'access denied; the role needs s3:PutObject and, for the lock, s3:PutObjectRetention; under a KMS key also ' +
    "kms:GenerateDataKey and kms:Decrypt; and the bucket's policy must not deny it"
  );
}

function credentialsExplanation(cause: VendorError, call: AwsCall): string {
  switch (cause.vendorCode) {
    case 'CredentialsProviderError':
    case 'TokenProviderError':
      return 'found no AWS credentials for the service itself; give it an instance, container or web identity role';
    case 'RegionDisabledException':
      return 'STS is switched off for our account in this region; enable it in IAM, account settings';
    case 'InvalidClientTokenId':
    case 'UnrecognizedClientException':
      return `our own credentials are unknown here${call.operation === 'assume-role' ? `; if ${call.region} is an opt-in region, enable it for our account` : ''}`;
    case 'RequestTimeTooSkewed':
    case 'RequestExpired':
      return "this machine's clock is wrong";
    default:
      return 'the credentials were refused';
  }
}

/** What to quote to AWS's support, and the vendor's own words where it gave any. */
function origin(cause: VendorError): string {
  const request = cause.requestId === undefined ? '' : `, request ${cause.requestId}`;
  const said = isSilent(cause) ? '' : `: ${oneLine(cause.message)}`;
  return ` (${cause.vendorCode}${request}${said})`;
}

const MAX_VENDOR_TEXT_LENGTH = 300;

function oneLine(message: string): string {
  return message.replace(/\s+/g, ' ').slice(0, MAX_VENDOR_TEXT_LENGTH);
}
