import { createHash } from 'node:crypto';
import type { AwsRequest } from '../http/request.ts';

/** Percent-encoding as SigV4 wants it: every byte but the unreserved characters, upper-case hex. */
export function uriEncode(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function uriEncodePath(path: string): string {
  return path.split('/').map(uriEncode).join('/');
}

/**
 * The canonical request of AWS Signature Version 4 for S3 (path encoded once, never normalised).
 * Source: "Create a signed AWS API request", IAM user guide.
 */
export function canonicalRequest(request: AwsRequest, signedHeaders: readonly string[], payloadHash: string): string {
  const headers = signedHeaders.map((name) => `${name}:${canonicalValue(request.headers.get(name) ?? '')}\n`);
  return [
    request.method,
    uriEncodePath(request.path),
    canonicalQuery(request.query),
    headers.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
}

export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${uriEncode(name)}=${uriEncode(value)}`)
    .sort()
    .join('&');
}

function canonicalValue(value: string): string {
  return value.trim().replace(/ +/g, ' ');
}
