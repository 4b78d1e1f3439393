import { AwsError } from '../aws-error.ts';
import type { AwsRequest } from '../http/request.ts';
import { maxPresignSeconds } from '../limits.ts';

/** What a request says about its own signature, in a header or in a presigned URL; nothing of it is proved yet. */
export interface SignatureClaim {
  readonly accessKeyId: string;
  /** `YYYYMMDD` of the credential scope. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly timestamp: string;
  readonly sessionToken: string | undefined;
  /** Lifetime of a presigned URL; undefined for header authentication. */
  readonly expiresSeconds: number | undefined;
}

/** @returns undefined for an anonymous request */
export function readSignatureClaim(request: AwsRequest): SignatureClaim | undefined {
  const authorization = request.headers.get('authorization');
  const presigned = request.query.has('X-Amz-Algorithm');
  if (authorization !== undefined && presigned) {
    throw new AwsError('InvalidArgument', 'signed twice, in the query and in a header');
  }
  if (authorization !== undefined) return readHeader(request, authorization);
  if (presigned) return readQuery(request.query);
  if (request.query.has('Signature') && request.query.has('AWSAccessKeyId')) throw onlyVersion4();
  return undefined;
}

function readHeader(request: AwsRequest, authorization: string): SignatureClaim {
  if (!authorization.startsWith('AWS4-HMAC-SHA256 ')) throw onlyVersion4();
  const fields = new Map<string, string>();
  for (const part of authorization.slice('AWS4-HMAC-SHA256 '.length).split(',')) {
    const equals = part.indexOf('=');
    fields.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  const timestamp = request.headers.get('x-amz-date');
  if (timestamp === undefined) {
    throw new AwsError('AccessDenied', 'no usable date: send x-amz-date or Date');
  }
  return {
    ...readScope(fields.get('Credential'), 'AuthorizationHeaderMalformed'),
    signedHeaders: readSignedHeaders(fields.get('SignedHeaders')),
    signature: fields.get('Signature') ?? '',
    timestamp,
    sessionToken: request.headers.get('x-amz-security-token'),
    expiresSeconds: undefined,
  };
}

function readQuery(query: URLSearchParams): SignatureClaim {
  if (query.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') throw onlyVersion4();
  const expires = query.get('X-Amz-Expires') ?? '';
  const expiresSeconds = /^\d{1,7}$/.test(expires) ? Number(expires) : 0;
  if (expiresSeconds < 1 || expiresSeconds > maxPresignSeconds) {
    throw new AwsError(
      'AuthorizationQueryParametersError',
      `X-Amz-Expires has to lie between 1 and ${maxPresignSeconds} seconds`,
    );
  }
  return {
    ...readScope(query.get('X-Amz-Credential') ?? undefined, 'AuthorizationQueryParametersError'),
    signedHeaders: readSignedHeaders(query.get('X-Amz-SignedHeaders') ?? undefined),
    signature: query.get('X-Amz-Signature') ?? '',
    timestamp: query.get('X-Amz-Date') ?? '',
    sessionToken: query.get('X-Amz-Security-Token') ?? undefined,
    expiresSeconds,
  };
}

function readScope(
  credential: string | undefined,
  code: 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError',
): Pick<SignatureClaim, 'accessKeyId' | 'day' | 'region' | 'service'> {
  const parts = (credential ?? '').split('/');
  const [accessKeyId, day, region, service, terminator] = parts;
  if (!accessKeyId || !day || !region || !service || terminator !== 'aws4_request' || parts.length !== 5) {
    throw new AwsError(code, 'a credential is KEY/YYYYMMDD/REGION/SERVICE/aws4_request');
  }
  return { accessKeyId, day, region, service };
}

function readSignedHeaders(value: string | undefined): readonly string[] {
  return (value ?? '').split(';').filter((name) => name !== '');
}

function onlyVersion4(): AwsError {
  return new AwsError('InvalidRequest', 'only AWS4-HMAC-SHA256 is understood');
}
