import { createHash } from 'node:crypto';

/** The digest of a whole from those of its pieces in order: SHA-256 over `<digest>\n` of each. */
export function combinedDigest(digests: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const digest of digests) hash.update(`${digest}\n`);
  return hash.digest('hex');
}
