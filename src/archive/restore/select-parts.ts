import { AppError } from '../../errors.ts';
import { findUnit } from '../../registry/archive/find-unit.ts';
import { listUnits } from '../../registry/archive/list-units.ts';
import { listUnitsOfParts } from '../../registry/archive/restore.ts';
import type { PartRecord, UnitRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import { maxPageSize } from '../../registry/page.ts';
import type { Registry } from '../../registry/registry.ts';
import { matchesTable } from '../policy/table-pattern.ts';
import type { RestoreRequest } from './restore-request.ts';

/** A unit, and those of its parts that are asked for and can be read. */
export interface SelectedUnit {
  readonly unit: WholeUnit;
  readonly parts: readonly PartRecord[];
  /** Asked for, and not in the bucket (any more). */
  readonly unreadable: readonly PartRecord[];
}

/**
 * What a request selects, by table and month. Of the snapshots of one table it is the newest: each of them is the whole
 * table.
 * @throws AppError NOT_FOUND when nothing is selected
 */
export async function selectParts(
  registry: Registry,
  { source, selection }: Pick<RestoreRequest, 'source' | 'selection'>,
): Promise<readonly SelectedUnit[]> {
  const { parts: partIds, tables, from, to } = selection;
  const ofParts = partIds === undefined ? undefined : new Set(await listUnitsOfParts(registry, partIds));
  const units = (await listAllUnits(registry, { source, from, to }))
    .filter(({ id }) => ofParts?.has(id) ?? true)
    .filter((unit) => tables?.some((pattern) => matchesTable(pattern, unit)) ?? true);
  const wanted = partIds === undefined ? withNewestSnapshots(units) : units;
  const selected: SelectedUnit[] = [];
  for (const { id } of wanted.toSorted(inOrder)) {
    const unit = await findUnit(registry, id);
    const replaced = unit.replacedParts.find((part) => partIds?.includes(part.id));
    if (replaced !== undefined) {
      throw new AppError(
        'NOT_FOUND',
        `part ${replaced.id} (number ${replaced.ordinal} of unit ${unit.id}) was faulty, and other parts hold its rows now: billvault archive unit show ${unit.id}`,
      );
    }
    const asked = unit.parts.filter((part) => partIds?.includes(part.id) ?? true);
    const parts = asked.filter(isReadable);
    selected.push({ unit, parts, unreadable: asked.filter((part) => !isReadable(part)) });
  }
  const found = selected.filter(({ unit }) => unit.parts.length > 0);
  if (found.length === 0) throw new AppError('NOT_FOUND', `nothing of ${source} is archived that was asked for`);
  return found;
}

/** Both have a version in the bucket; what it holds is proved while it is restored. */
function isReadable({ state }: PartRecord): boolean {
  return state === 'STORED' || state === 'VERIFIED';
}

async function listAllUnits(
  registry: Registry,
  filter: { readonly source: string; readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<readonly UnitRecord[]> {
  const units: UnitRecord[] = [];
  for (let cursor = 0; ; ) {
    const page = await listUnits(registry, filter, { limit: maxPageSize, cursor });
    units.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < maxPageSize) return units;
    cursor = last.id;
  }
}

function withNewestSnapshots(units: readonly UnitRecord[]): readonly UnitRecord[] {
  const newest = new Map<number, string>();
  for (const { mode, tableId, month, rows, digest } of units) {
    const isWhole = digest !== null || rows > 0;
    if (mode === 'snapshot' && isWhole && month > (newest.get(tableId) ?? '')) newest.set(tableId, month);
  }
  return units.filter(({ mode, tableId, month }) => mode === 'monthly' || newest.get(tableId) === month);
}

function inOrder(a: UnitRecord, b: UnitRecord): number {
  const key = ({ schema, table, month }: UnitRecord) => `${schema}\0${table}\0${month}`;
  return key(a) < key(b) ? -1 : 1;
}
