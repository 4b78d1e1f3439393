import { timingSafeEqual } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { AwsRequest } from '../http/request.ts';
import { maxClockSkewMs } from '../limits.ts';
import { canonicalRequest, sha256Hex } from './canonical-request.ts';
import type { SignatureClaim } from './signature-claim.ts';
import { hmac, scopeOf, signingKey } from './signing-key.ts';

interface Verification {
  readonly request: AwsRequest;
  readonly claim: SignatureClaim;
  readonly secretAccessKey: string;
  readonly payloadHash: string;
}

/**
 * Proves that whoever holds the secret signed this very request, and signed it recently.
 * @throws AwsError SignatureDoesNotMatch, RequestTimeTooSkewed, AccessDenied (presigned URL over, unsigned headers),
 *   AuthorizationHeaderMalformed
 */
export function verifySignature(verification: Verification): void {
  checkTime(verification.claim);
  checkSignedHeaders(verification.request, verification.claim);
  const canonical = canonicalRequest(verification.request, verification.claim.signedHeaders, verification.payloadHash);
  const stringToSign = [
    'AWS4-HMAC-SHA256',
    verification.claim.timestamp,
    scopeOf(verification.claim),
    sha256Hex(canonical),
  ].join('\n');
  const expected = hmac(signingKey(verification.secretAccessKey, verification.claim), stringToSign).toString('hex');
  if (!equalText(expected, verification.claim.signature)) {
    throw new AwsError('SignatureDoesNotMatch', 'the signature is not that of this request and key', {
      fields: {
        AWSAccessKeyId: verification.claim.accessKeyId,
        StringToSign: stringToSign,
        SignatureProvided: verification.claim.signature,
        CanonicalRequest: canonical,
      },
    });
  }
}

export function equalText(expected: string, given: string): boolean {
  const left = Buffer.from(expected);
  const right = Buffer.from(given);
  return left.length === right.length && timingSafeEqual(left, right);
}

function checkTime(claim: SignatureClaim): void {
  const signedAt = parseTimestamp(claim.timestamp);
  if (signedAt === undefined || !claim.timestamp.startsWith(claim.day)) {
    throw new AwsError('AuthorizationHeaderMalformed', 'the credential scope and x-amz-date name two days');
  }
  const now = Date.now();
  if (claim.expiresSeconds !== undefined) {
    if (signedAt - now > maxClockSkewMs) throw new AwsError('AccessDenied', 'the presigned request lies in the future');
    if (now > signedAt + claim.expiresSeconds * 1000)
      throw new AwsError('AccessDenied', 'the presigned request is past its time');
    return;
  }
  if (Math.abs(now - signedAt) > maxClockSkewMs) {
    throw new AwsError('RequestTimeTooSkewed', 'the clocks of request and server are too far apart', {
      fields: {
        RequestTime: claim.timestamp,
        ServerTime: new Date(now).toISOString(),
        MaxAllowedSkewMilliseconds: String(maxClockSkewMs),
      },
    });
  }
}

/** AWS insists on `host` and on every `x-amz-*` header: an unsigned one could have been added on the way. */
function checkSignedHeaders(request: AwsRequest, claim: SignatureClaim): void {
  const unsigned = [...request.headers.keys()].filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !claim.signedHeaders.includes(name),
  );
  if (unsigned.length > 0) {
    throw new AwsError('AccessDenied', 'a header that has to be signed was not', {
      fields: { HeadersNotSigned: unsigned.join(', ') },
    });
  }
}

function parseTimestamp(timestamp: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const parsed = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(parsed) ? undefined : parsed;
}
