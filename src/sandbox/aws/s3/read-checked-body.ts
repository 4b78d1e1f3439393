import { createHash } from 'node:crypto';
import { readWhole } from '../auth/request-body.ts';
import { AwsError } from '../aws-error.ts';
import { maxXmlBodyBytes } from '../limits.ts';
import type { ServiceCall } from './call.ts';
import { badChecksum, checksumHeader, newDigest, readChecksumClaim } from './checksums.ts';

/** A small body (XML or JSON) as text, after its Content-MD5 or checksum has been checked. */
export async function readCheckedBody(call: ServiceCall, maxBytes = maxXmlBodyBytes): Promise<string> {
  const claim = readChecksumClaim(call.headers);
  const body = await readWhole(call.body, maxBytes);
  const contentMd5 = call.headers.get('content-md5');
  if (contentMd5 !== undefined && createHash('md5').update(body).digest('base64') !== contentMd5) {
    throw new AwsError('BadDigest', 'Content-MD5 is not that of the body');
  }
  if (claim !== undefined) {
    const digest = newDigest(claim.algorithm);
    digest.update(body);
    const expected = claim.value ?? call.body.trailers.get(checksumHeader(claim.algorithm));
    if (digest.digest().toString('base64') !== expected) throw badChecksum(claim.algorithm);
  }
  return body.toString('utf8');
}
