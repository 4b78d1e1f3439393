import type { ArchiveStore } from '../../aws/archive-store.ts';
import { withConnection } from '../../db/pool.ts';
import { findUnit } from '../../registry/archive/find-unit.ts';
import { findRestore, keepUnit, type RestoreRecord, settleRestorePart } from '../../registry/archive/restore.ts';
import type { PartRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import type { Prisma } from '../../registry/generated/client.ts';
import { step } from '../../steps.ts';
import type { ArchiveContext } from '../context.ts';
import { settleDeletions } from '../purge/settle-deletions.ts';
import type { Source } from '../source/open-source.ts';
import { holdTableLock } from '../source/table-lock.ts';
import { archivedDefinition } from './archived-definition.ts';
import { ensureTarget } from './ensure-target.ts';
import { type PartOutcome, restorePart } from './restore-part.ts';
import type { RestoreRequest } from './restore-request.ts';
import { recordOf } from './standing-for.ts';
import { restoreName } from './stored-request.ts';
import { isInPlace, type TargetTable } from './target-table.ts';
import { unitPurges } from './unit-purges.ts';
import { prepareWatermark, readWatermark } from './watermark.ts';

export interface TableRestore {
  readonly restore: RestoreRecord;
  readonly request: RestoreRequest;
  readonly target: TargetTable;
  /** In the order of the months. */
  readonly units: readonly { readonly unit: WholeUnit; readonly parts: readonly PartRecord[] }[];
  readonly store: ArchiveStore;
  readonly signal: AbortSignal;
}

const dayMillis = 86_400_000;

/**
 * Restores what is left of one target table, part by part, while nobody else archives or restores it.
 * @returns false when the restore was cancelled meanwhile
 */
export async function restoreTable(context: ArchiveContext, table: TableRestore): Promise<boolean> {
  const database = await context.sources.open(table.target.source);
  await using lock = await holdTableLock(database.pool, table.target);
  const signal = AbortSignal.any([table.signal, lock.signal]);
  await prepareWatermark(database.pool);
  const newest = table.units.at(-1)?.parts.at(-1);
  if (newest === undefined) return true;
  const archived = await archivedDefinition(context.registry, newest.definitionSha256);
  const notes = await ensureTarget(database.pool, { target: table.target, archived });
  for (const note of notes) context.log.info({ restore: table.restore.id, note }, 'table made for a restore');
  for (const { unit, parts } of table.units) {
    await prepareUnit(context, { table, unit, database });
    for (const part of parts) {
      signal.throwIfAborted();
      if (!(await isOpen(context, table.restore.id))) return false;
      await restoreOne(context, { table: { ...table, signal }, unitId: unit.id, part, database });
    }
  }
  return true;
}

async function isOpen({ registry }: ArchiveContext, restoreId: number): Promise<boolean> {
  const { state } = await findRestore(registry, restoreId);
  return state === 'RUNNING';
}

/** Before the first row is visible, no purge takes it away again. */
async function prepareUnit(
  context: ArchiveContext,
  { table, unit, database }: { readonly table: TableRestore; readonly unit: WholeUnit; readonly database: Source },
): Promise<void> {
  if (!isInPlace(table.target, unit)) return;
  await settleDeletions(context, { pool: database.pool }, unit);
  const until = new Date(context.now().getTime() + table.request.keepDays * dayMillis);
  await keepUnit(context.registry, unit.id, until);
}

interface OnePart {
  readonly table: TableRestore;
  readonly unitId: number;
  readonly part: PartRecord;
  readonly database: Source;
}

async function restoreOne(context: ArchiveContext, { table, unitId, part, database }: OnePart): Promise<void> {
  const { registry } = context;
  const { restore, request, target, store, signal } = table;
  const unit = await findUnit(registry, unitId);
  const inPlace = isInPlace(target, unit);
  const purges = inPlace ? await unitPurges(registry, unit.id) : { newest: 0, byRange: new Map() };
  const outcome = await restorePart({
    restore: restoreName(restore),
    request,
    unit,
    part,
    laterParts: await laterParts({ table, unitId, part, database }, unit),
    target,
    pool: database.pool,
    store,
    purges,
    signal,
  });
  await settleRestorePart(registry, {
    restoreId: restore.id,
    partId: part.id,
    state: outcome.kind === 'restored' || outcome.byThisRestore ? 'RESTORED' : 'SKIPPED',
    rows: outcome.rows,
    detail: {
      ...detailOf(outcome),
      // From here on the unit's rows count as never purged: see readPurgedRounds.
      ...(inPlace ? { returnedAfter: outcome.kind === 'there' ? outcome.lastDeletion : purges.newest } : {}),
    },
  });
  step('restore.recorded', unit.id);
}

/**
 * Parts of the unit that came after this one and that go to the same target, or are there. Without a key no row has newer
 * values: each stands for itself.
 */
async function laterParts({ table, part, database }: OnePart, unit: WholeUnit): Promise<readonly PartRecord[]> {
  const ordinals = new Set(part.ranges.map(({ ordinal }) => ordinal));
  const later = unit.parts.filter(
    ({ ordinal, round, ranges }) =>
      ordinal > part.ordinal && round > part.round && ranges.some((range) => ordinals.has(range.ordinal)),
  );
  if (later.length === 0 || unit.keyColumns.length === 0) return [];
  const asked = new Set(table.restore.parts.map(({ partId }) => partId));
  const restored = await withConnection(database.pool, (client) => readWatermark(client, table.target));
  return later.filter((part) => asked.has(part.id) || recordOf(restored, unit, part) !== undefined);
}

function detailOf(outcome: PartOutcome): Prisma.InputJsonObject {
  if (outcome.kind === 'restored') return outcome.detail as unknown as Prisma.InputJsonObject;
  return { there: outcome.byThisRestore ? 'committed before a crash' : 'restored before' };
}
