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
 * known; the signatures speak for them. With `now`, manifests that may have expired may be missing: see `expiredBefore`.
 * @param links in any order
 */
export function checkChain(
  links: readonly ChainLink[],
  { head, now }: { readonly head?: string | undefined; readonly now?: Date | undefined } = {},
): readonly ChainFinding[] {
  const ordered = links.toSorted((a, b) => a.sequence - b.sequence);
  const expired = new Set(now === undefined ? [] : expiredBefore(ordered, now).map(({ to }) => to + 1));
  const findings = ordered.flatMap((link, i) => [
    ...signatureFindings(link),
    ...(expired.has(link.sequence) && link.sequence !== ordered[i - 1]?.sequence
      ? []
      : linkFindings(ordered[i - 1], link)),
  ]);
  const last = ordered.at(-1);
  if (head !== undefined && last !== undefined && !ordered.some(({ sha256 }) => sha256 === head)) {
    findings.push(
      broken(last, `no manifest up to ${last.sequence}, the last one here, has the head's SHA-256 ${head}`),
    );
  }
  return findings;
}

/** Manifests that are not there, and need not be. */
export interface ExpiredManifests {
  readonly source: string;
  readonly from: number;
  readonly to: number;
  /** The end of the retention of the last of them, which is that of none before it. */
  readonly until: string;
  /** SHA-256 of the last of them. */
  readonly sha256: string;
}

/**
 * Gaps of one source's chain that are no loss: the manifest behind one says, signed, until when the one before it is kept,
 * and that is over. Nothing before that is kept for longer: a manifest is locked at least as long as the one before it.
 * @param links in any order
 */
export function expiredBefore(links: readonly ChainLink[], now: Date): readonly ExpiredManifests[] {
  const ordered = links.toSorted((a, b) => a.sequence - b.sequence);
  return ordered.flatMap(({ source, sequence, previous, signatureProblem: problem }, i) => {
    const from = (ordered[i - 1]?.sequence ?? 0) + 1;
    if (previous === null || sequence <= from || problem !== undefined) return [];
    const { retain_until: until, sha256 } = previous;
    return Date.parse(until) > now.getTime() ? [] : [{ source, from, to: sequence - 1, until, sha256 }];
  });
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
