import { createHmac } from 'node:crypto';
import { maxSigningKeys } from '../limits.ts';
import type { SignatureClaim } from './signature-claim.ts';

const remembered = new Map<string, Buffer>();

/** The key that SigV4 derives from a secret for one day, region and service; remembered, as every request needs it. */
export function signingKey(secretAccessKey: string, claim: SignatureClaim): Buffer {
  const name = `${secretAccessKey}/${scopeOf(claim)}`;
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const day = hmac(`AWS4${secretAccessKey}`, claim.day);
  const key = hmac(hmac(hmac(day, claim.region), claim.service), 'aws4_request');
  if (remembered.size >= maxSigningKeys) remembered.clear();
  remembered.set(name, key);
  return key;
}

export function scopeOf(claim: SignatureClaim): string {
  return `${claim.day}/${claim.region}/${claim.service}/aws4_request`;
}

export function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
