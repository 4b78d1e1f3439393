import { isAppError } from '../../errors.ts';
import type { Manifest } from './manifest.ts';
import type { PublicKeys } from './public-keys.ts';
import type { ReadManifest } from './read-manifest.ts';
import { verifySignature } from './signature.ts';

/** What is kept of a manifest to check its chain: all manifests of ten years at once would be too much. */
export interface ChainLink extends Pick<Manifest, 'source' | 'sequence' | 'period' | 'previous'> {
  /** Of the manifest's bytes. */
  readonly sha256: string;
  /** Where it lies, when that is known. */
  readonly key: string | undefined;
  /** Why its signature is no good; undefined: a trusted key made it. */
  readonly signatureProblem: string | undefined;
}

export interface ChainFinding {
  readonly code: 'CHAIN_BROKEN' | 'SIGNATURE_INVALID';
  readonly source: string;
  readonly sequence: number;
  readonly text: string;
}

export function chainLink({ manifest, sha256 }: ReadManifest, keys: PublicKeys, key?: string): ChainLink {
  const { source, sequence, period, previous } = manifest;
  return { source, sequence, period, previous, sha256, key, signatureProblem: signatureProblem(manifest, keys) };
}

function signatureProblem(manifest: Manifest, keys: PublicKeys): string | undefined {
  try {
    verifySignature(manifest, keys);
    return undefined;
  } catch (error) {
    if (isAppError(error, 'SIGNATURE_INVALID')) return error.message;
    throw error;
  }
}

/**
 * Checks one source's chain, from its first manifest to its last. A cut-off end can only be seen by somebody who knows
 * a manifest's hash from elsewhere: that is `head`, which must be in the chain. Manifests after it are newer than what is
 * known; the signatures speak for them.
 * @param links in any order
 */
export function checkChain(
  links: readonly ChainLink[],
  { head }: { readonly head?: string | undefined } = {},
): readonly ChainFinding[] {
  const ordered = links.toSorted((a, b) => a.sequence - b.sequence);
  const findings = ordered.flatMap((link, i) => [...signatureFindings(link), ...linkFindings(ordered[i - 1], link)]);
  const last = ordered.at(-1);
  if (head !== undefined && last !== undefined && !ordered.some(({ sha256 }) => sha256 === head)) {
    findings.push(
      broken(last, `no manifest up to ${last.sequence}, the last one here, has the head's SHA-256 ${head}`),
    );
  }
  return findings;
}

function signatureFindings(link: ChainLink): readonly ChainFinding[] {
  const { source, sequence, signatureProblem: text } = link;
  return text === undefined ? [] : [{ code: 'SIGNATURE_INVALID', source, sequence, text }];
}

function linkFindings(before: ChainLink | undefined, link: ChainLink): readonly ChainFinding[] {
  const { sequence, previous } = link;
  const beforeSequence = before?.sequence ?? 0;
  if (sequence === beforeSequence) {
    // The same manifest downloaded twice is no harm.
    return link.sha256 === before?.sha256 ? [] : [broken(link, `there are two manifests ${sequence}`)];
  }
  if (sequence !== beforeSequence + 1) {
    const missing =
      sequence - 1 === beforeSequence + 1 ? `${sequence - 1}` : `${beforeSequence + 1} to ${sequence - 1}`;
    return [broken(link, `manifest ${missing} is missing before ${sequence}`)];
  }
  if (previous?.sha256 !== before?.sha256) {
    return [broken(link, `manifest ${sequence} does not follow the manifest ${beforeSequence} that is here`)];
  }
  if (before?.key !== undefined && previous !== null && previous?.key !== before.key) {
    return [broken(link, `manifest ${sequence} names ${previous.key} as the one before, which lies at ${before.key}`)];
  }
  return [];
}

function broken({ source, sequence }: ChainLink, text: string): ChainFinding {
  return { code: 'CHAIN_BROKEN', source, sequence, text: `${source}: ${text}` };
}
