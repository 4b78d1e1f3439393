import { type Hold, listHolds, placeHold } from '../../registry/archive/hold.ts';
import type { ArchiveContext } from '../context.ts';
import { coversMonth } from '../holds/covers-month.ts';
import type { Manifest, ManifestHold } from '../manifest/manifest.ts';

export interface RecoverHoldsRequest {
  /** The source's newest: it names the holds that were in force. */
  readonly manifest: Manifest;
  /** Tables and months with a legal hold on an object. */
  readonly held: ReadonlyMap<string, { readonly table: string; readonly month: string }>;
  readonly isDryRun: boolean;
  readonly actor: string;
}

type Wanted = Pick<Hold, 'source' | 'table' | 'from' | 'to' | 'reason' | 'until'>;

/**
 * Places the holds again that the registry does not have: those of the newest manifest, though one may have been released
 * since, and one for every table and month with a legal hold on an object that none of them explains. Whoever knows better
 * releases them.
 * @returns how many
 */
export async function recoverHolds(
  { registry, now }: ArchiveContext,
  { manifest, held, isDryRun, actor }: RecoverHoldsRequest,
): Promise<number> {
  const { source } = manifest;
  const inForce: Wanted[] = [...(await listHolds(registry, { source, now: now() }))];
  const everPlaced = await listHolds(registry, { source });
  const wanted: Wanted[] = manifest.holds
    .map((hold) => fromManifest(source, hold))
    .filter(({ until }) => until === null || until > now())
    .filter((hold) => !everPlaced.some((known) => isSame(known, hold)));
  for (const { table, month } of held.values()) {
    const isExplained = [...inForce, ...wanted].some(
      (hold) => (hold.table === null || hold.table === table) && coversMonth(hold, { source, month }),
    );
    if (isExplained) continue;
    const reason = 'a legal hold was found on its objects when the registry was recovered';
    wanted.push({ source, table, from: month, to: month, reason, until: null });
  }
  if (!isDryRun) for (const hold of wanted) await placeHold(registry, { ...hold, actor });
  return wanted.length;
}

function fromManifest(source: string, { table, from, to, who, why, until }: ManifestHold): Wanted {
  const reason = `${why} (placed by ${who} before the registry was recovered)`;
  return { source, table, from, to, reason, until: until === null ? null : new Date(until) };
}

/** One that the registry has, released or not, was placed before it was lost, or by an earlier recovery. */
function isSame(known: Wanted, wanted: Wanted): boolean {
  return (
    known.table === wanted.table &&
    known.from === wanted.from &&
    known.to === wanted.to &&
    wanted.reason.startsWith(known.reason)
  );
}
