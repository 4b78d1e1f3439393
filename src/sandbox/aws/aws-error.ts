/** Every error code that the stand-in answers, with the HTTP status that AWS gives it. */
const statusByCode = {
  AccessDenied: 403,
  AccessDeniedException: 400,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketAlreadyExists: 409,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  ConditionalRequestConflict: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  ExpiredToken: 400,
  ExpiredTokenException: 400,
  IllegalLocationConstraintException: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidAction: 400,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidBucketState: 409,
  InvalidClientTokenId: 403,
  InvalidDigest: 400,
  InvalidKeyUsageException: 400,
  InvalidObjectState: 403,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidSignatureException: 400,
  InvalidStorageClass: 400,
  InvalidTag: 400,
  InvalidToken: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedPolicy: 400,
  MalformedPolicyDocument: 400,
  MalformedTrailerError: 400,
  MalformedXML: 400,
  MaxMessageLengthExceeded: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  MissingAuthenticationToken: 403,
  MissingAuthenticationTokenException: 400,
  MissingContentLength: 411,
  MissingRequestBodyError: 400,
  NoSuchBucket: 404,
  NoSuchBucketPolicy: 404,
  NoSuchKey: 404,
  NoSuchLifecycleConfiguration: 404,
  NoSuchObjectLockConfiguration: 404,
  NoSuchPublicAccessBlockConfiguration: 404,
  NoSuchTagSet: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  NotFoundException: 400,
  NotImplemented: 501,
  NotModified: 304,
  ObjectLockConfigurationNotFoundError: 404,
  OwnershipControlsNotFoundError: 404,
  PermanentRedirect: 301,
  PreconditionFailed: 412,
  ReplicationConfigurationNotFoundError: 404,
  RequestTimeTooSkewed: 403,
  RestoreAlreadyInProgress: 409,
  SerializationException: 400,
  SignatureDoesNotMatch: 403,
  UnknownOperationException: 400,
  UnrecognizedClientException: 400,
  UnsupportedOperationException: 400,
  ValidationError: 400,
  ValidationException: 400,
  XAmzContentSHA256Mismatch: 400,
} as const;

export type AwsErrorCode = keyof typeof statusByCode;

export interface AwsErrorDetail {
  /** Further elements of the error document, by name. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where a service gives the code another status than S3 does. */
  readonly status?: number;
}

/** An answer of AWS's that is an error: thrown anywhere while a request is handled, rendered once where it is sent. */
export class AwsError extends Error {
  readonly code: AwsErrorCode;
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: AwsErrorCode, message: string, detail: AwsErrorDetail = {}) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = detail.status ?? statusByCode[code];
    this.fields = detail.fields ?? {};
    this.headers = detail.headers ?? {};
  }
}
