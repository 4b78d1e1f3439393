import { AppError } from '../../errors.ts';
import { expiredBefore } from '../manifest/chain.ts';
import type { StoredManifest } from './find-manifests.ts';

/** One source's manifests, in the order of its chain. */
export interface StoredChain {
  readonly source: string;
  readonly manifests: readonly StoredManifest[];
}

/**
 * Every source's chain. A manifest may be missing only where the one after it says that its retention is over: then it
 * has expired.
 * @throws AppError CHAIN_BROKEN naming what is missing, or is there twice
 */
export function orderChains(manifests: readonly StoredManifest[], now: Date): readonly StoredChain[] {
  const bySource = Map.groupBy(manifests, ({ source }) => source);
  return [...bySource]
    .map(([source, unordered]) => {
      const ordered = unordered.toSorted((a, b) => a.sequence - b.sequence);
      const behindExpired = new Set(expiredBefore(ordered, now).map(({ to }) => to + 1));
      for (const [i, link] of ordered.entries()) {
        if (!behindExpired.has(link.sequence) || link.sequence === ordered[i - 1]?.sequence) {
          requireFollows(ordered[i - 1], link);
        }
      }
      return { source, manifests: ordered };
    })
    .sort((a, b) => (a.source < b.source ? -1 : 1));
}

function requireFollows(before: StoredManifest | undefined, link: StoredManifest): void {
  const { source, sequence, previous, key } = link;
  if (sequence === before?.sequence) {
    throw broken(`${source}: there are two manifests ${sequence}, both signed: ${before.key} and ${key}`);
  }
  if (previous === null || previous.sequence === before?.sequence) {
    if ((previous?.sha256 ?? undefined) === before?.sha256) return;
    throw broken(
      `${source}: manifest ${sequence} (${key}) does not follow manifest ${before?.sequence} (${before?.key})`,
    );
  }
  throw broken(
    `${source}: manifest ${previous.sequence} (${previous.key}) is missing, and it is to be kept until ${previous.retain_until}`,
  );
}

function broken(text: string): AppError {
  return new AppError('CHAIN_BROKEN', text);
}
