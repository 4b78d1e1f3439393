import { AppError, isTransient, toAppError } from '../../errors.ts';
import { findUnit } from '../../registry/archive/find-unit.ts';
import {
  failRestore,
  findRestore,
  finishRestore,
  moveRestore,
  noteRestoreError,
  type RestoreRecord,
} from '../../registry/archive/restore.ts';
import type { PartRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import type { ArchiveContext } from '../context.ts';
import { requestObjects } from './request-objects.ts';
import { restoreTable, type TableRestore } from './restore-table.ts';
import { requestOf } from './stored-request.ts';
import { targetOf } from './target-table.ts';

/**
 * Where a restore is. `waiting`: for cold objects, or for what is transient; the job tries again. `ended`: it was cancelled, or
 * has failed before; what is restored stays.
 */
export type RestoreProgress =
  | { readonly kind: 'done' | 'ended' }
  | { readonly kind: 'waiting'; readonly why: string }
  | { readonly kind: 'failed'; readonly failure: AppError };

/**
 * Takes a restore as far as it gets now: cold objects are asked for, and once all of them can be read, table by table and
 * part by part is restored. It never waits; called again, it goes on from where it is.
 */
export async function advanceRestore(
  context: ArchiveContext,
  { restoreId, signal }: { readonly restoreId: number; readonly signal: AbortSignal },
): Promise<RestoreProgress> {
  const { registry } = context;
  try {
    return await advance(context, restoreId, signal);
  } catch (error) {
    const failure = toAppError(toRegistryError(error));
    const { code, message: text } = failure;
    const canWait = isTransient(code) || code === 'FILE_COLD' || signal.aborted;
    context.log[canWait ? 'warn' : 'error']({ restore: restoreId, code, err: text }, 'restore not advanced');
    if (canWait) {
      await noteRestoreError(registry, restoreId, { code, text });
      return { kind: 'waiting', why: text };
    }
    await failRestore(registry, restoreId, { code, text });
    return { kind: 'failed', failure };
  }
}

async function advance(context: ArchiveContext, restoreId: number, signal: AbortSignal): Promise<RestoreProgress> {
  const { registry } = context;
  const restore = await findRestore(registry, restoreId);
  if (restore.state === 'DONE') return { kind: 'done' };
  if (restore.state === 'CANCELLED' || restore.state === 'FAILED') return { kind: 'ended' };
  await using store = context.openStore('verifier');
  // Asking for a cold object's copy is the writer's right.
  await using writer = context.openStore('writer');
  const units = await openUnits(context, restore);
  const request = requestOf(restore);
  const waiting = await requestObjects(registry, {
    restoreId,
    request,
    parts: units.flatMap(({ parts }) => parts),
    store: writer,
    signal,
  });
  if (waiting > 0) {
    const isOpen = await moveRestore(registry, restoreId, 'WAITING');
    return isOpen ? { kind: 'waiting', why: `${waiting} objects cannot be read yet` } : { kind: 'ended' };
  }
  if (!(await moveRestore(registry, restoreId, 'RUNNING'))) return { kind: 'ended' };
  for (const [, ofTarget] of Map.groupBy(units, ({ unit }) => JSON.stringify(targetOf(request, unit)))) {
    const [first] = ofTarget;
    if (first === undefined) continue;
    const target = targetOf(request, first.unit);
    const table: TableRestore = { restore, request, target, units: ofTarget, store, signal };
    if (!(await restoreTable(context, table))) return { kind: 'ended' };
  }
  await finishRestore(registry, restoreId);
  return { kind: 'done' };
}

/** @throws AppError RESTORE_CONFLICT when a part was found to be faulty since the restore was planned, and was archived anew */
function requireUnreplaced({ id, month, replacedParts }: WholeUnit, partIds: ReadonlySet<number>): void {
  const replaced = replacedParts.find((part) => partIds.has(part.id));
  if (replaced === undefined) return;
  throw new AppError(
    'RESTORE_CONFLICT',
    `part ${replaced.ordinal} of ${month} (unit ${id}) was faulty, and other parts hold its rows now: ask for the restore anew`,
  );
}

/** Units with parts that are neither restored nor skipped yet, in the order of tables and months. */
async function openUnits(
  { registry }: ArchiveContext,
  restore: RestoreRecord,
): Promise<readonly { readonly unit: WholeUnit; readonly parts: readonly PartRecord[] }[]> {
  const open = restore.parts.filter(({ state }) => state !== 'RESTORED' && state !== 'SKIPPED');
  const ids = new Set(open.map(({ partId }) => partId));
  const units: { unit: WholeUnit; parts: readonly PartRecord[] }[] = [];
  for (const unitId of new Set(open.map((part) => part.unitId))) {
    const unit = await findUnit(registry, unitId);
    requireUnreplaced(unit, ids);
    units.push({ unit, parts: unit.parts.filter(({ id }) => ids.has(id)) });
  }
  const key = ({ unit }: (typeof units)[number]) => `${unit.schema}\0${unit.table}\0${unit.month}`;
  return units.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
