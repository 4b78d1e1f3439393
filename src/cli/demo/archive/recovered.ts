import type { ArchiveContext } from '../../../archive/context.ts';
import { recoverArchive } from '../../../archive/recover/recover-archive.ts';
import { validateArchive } from '../../../archive/validate/validate-archive.ts';
import { listUnits } from '../../../registry/archive/list-units.ts';
import { maxPageSize } from '../../../registry/page.ts';
import { openRegistry, type Registry } from '../../../registry/registry.ts';
import { count } from '../../output/format.ts';
import type { Teller } from '../tell.ts';

export interface RecoveryChapter {
  readonly archive: ArchiveContext;
  /** Of an empty database. */
  readonly newRegistryUrl: string;
  readonly source: string;
  readonly actor: string;
  readonly tell: Teller;
  readonly signal: AbortSignal;
}

/** A registry of which nothing is left, rebuilt in an empty database by what the bucket says. */
export async function recoverRegistry(chapter: RecoveryChapter): Promise<void> {
  const { archive, newRegistryUrl, source, actor, tell, signal } = chapter;
  tell.chapter("The registry's database is lost: a new one is rebuilt from the signed manifests in the bucket");
  const before = await unitsOf(archive.registry, source);
  const { registry, close } = await openRegistry({ url: newRegistryUrl, max: 4 });
  try {
    const recovered = { ...archive, registry };
    const { sources } = await recoverArchive(recovered, { source, isDryRun: false, actor, signal });
    for (const { newManifests, units, parts, rows, deletions } of sources) {
      tell.line(
        `${count(newManifests)} manifests: ${count(units)} units, ${count(parts)} parts, ${count(rows)} rows, ${count(deletions)} purged ranges`,
      );
    }
    const after = await unitsOf(registry, source);
    tell.line(JSON.stringify(after) === JSON.stringify(before) ? 'every unit is as it was' : 'NOT AS IT WAS');
    const request = { selection: { source }, level: 'full', trigger: 'manual', actor, signal } as const;
    const { isClean } = await validateArchive(recovered, request);
    tell.line(`the new registry against the bucket, full validation: ${isClean ? 'clean' : 'NOT clean'}`);
  } finally {
    await close();
  }
}

async function unitsOf(registry: Registry, source: string): Promise<readonly unknown[]> {
  const units = await listUnits(registry, { source }, { limit: maxPageSize, cursor: 0 });
  return units
    .map(({ schema, table, month, mode, state, rows, digest, retainUntil }) => {
      return { schema, table, month, mode, state, rows, digest, retainUntil };
    })
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
