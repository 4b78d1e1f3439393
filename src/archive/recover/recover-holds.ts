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
  const manifestAt = new Date(manifest.created_at);
  const wanted: Wanted[] = manifest.holds
    .filter((hold) => !everPlaced.some((known) => isSame(known, { hold, manifestAt })))
    .map((hold) => fromManifest(source, hold))
    .filter(({ until }) => until === null || until > now());
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

function fromManifest(source: string, hold: ManifestHold): Wanted {
  const { table, from, to, until } = hold;
  return { source, table, from, to, reason: recoveredReason(hold), until: until === null ? null : new Date(until) };
}

function recoveredReason({ why, who }: ManifestHold): string {
  return `${why} (placed by ${who} before the registry was recovered)`;
}

/**
 * Whether the registry has the hold that a manifest names: from before it was lost, or by an earlier recovery. One that was
 * released when the manifest was made is another, however alike.
 */
function isSame(
  known: Hold,
  { hold, manifestAt }: { readonly hold: ManifestHold; readonly manifestAt: Date },
): boolean {
  if (known.releasedAt !== null && known.releasedAt < manifestAt) return false;
  const until = known.until?.toISOString() ?? null;
  return (
    known.table === hold.table &&
    known.from === hold.from &&
    known.to === hold.to &&
    until === hold.until &&
    (known.reason === hold.why || known.reason === recoveredReason(hold))
  );
}
