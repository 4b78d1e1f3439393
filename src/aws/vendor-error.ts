/**
 * What is worth keeping of an error of AWS, the SDK or a socket. The SDK copies every element of an error response onto
 * its exception, and S3 repeats session tokens and signed requests there: so none of that object is kept or logged.
 */
export class VendorError extends Error {
  /** The vendor's code, such as `AccessDenied` or `ECONNRESET`. */
  readonly vendorCode: string;
  readonly httpStatus: number | undefined;
  readonly requestId: string | undefined;
  /** What `x-amz-bucket-region` said, where the bucket is elsewhere. */
  readonly bucketRegion: string | undefined;

  constructor(error: unknown) {
    const fields = fieldsOf(error);
    super(fields.message);
    this.name = 'VendorError';
    this.vendorCode = fields.vendorCode;
    this.httpStatus = fields.httpStatus;
    this.requestId = fields.requestId;
    this.bucketRegion = fields.bucketRegion;
    if (error instanceof Error && error.stack !== undefined) this.stack = error.stack;
  }
}

// What a socket or the HTTP parser says; the SDK calls some of these a timeout by name.
const networkCodes: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
]);

export function isNetworkCode(vendorCode: string): boolean {
  return networkCodes.has(vendorCode) || /^(HPE_|ERR_TLS_|ERR_SSL_|CERT_)/.test(vendorCode);
}

function fieldsOf(
  error: unknown,
): Pick<VendorError, 'message' | 'vendorCode' | 'httpStatus' | 'requestId' | 'bucketRegion'> {
  const metadata = member(error, '$metadata');
  const headers = member(member(error, '$response'), 'headers');
  const socketCode = text(member(error, 'code'));
  const name = text(member(error, 'name')) ?? 'Error';
  const isSocketError = socketCode !== undefined && (isNetworkCode(socketCode) || socketCode === 'ETIMEDOUT');
  const httpStatus = member(metadata, 'httpStatusCode');
  return {
    message: text(member(error, 'message')) ?? String(error),
    vendorCode: isSocketError ? socketCode : name,
    httpStatus: typeof httpStatus === 'number' ? httpStatus : undefined,
    requestId: text(member(metadata, 'requestId')),
    bucketRegion: text(member(headers, 'x-amz-bucket-region')),
  };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
