import { AppError } from '../../errors.ts';
import { listTableNames, type UnitSelection } from '../../registry/archive/selection.ts';
import type { Registry } from '../../registry/registry.ts';
import { type Month, parseMonth } from '../month.ts';
import { isTablePattern, matchesTable } from '../policy/table-pattern.ts';

/** Which part of the archive is meant; what is absent narrows nothing. */
export interface ArchiveSelection {
  readonly source?: string | undefined;
  /** Patterns, `schema.table` with `*` and `?`. */
  readonly tables?: readonly string[] | undefined;
  /** First and last month. */
  readonly from?: Month | undefined;
  readonly to?: Month | undefined;
}

/**
 * As the registry is asked.
 * @throws AppError BAD_INPUT for months or patterns that are none, NOT_FOUND for a pattern that no archived table matches
 */
export async function resolveSelection(
  registry: Registry,
  { source, tables, from, to }: ArchiveSelection,
): Promise<UnitSelection> {
  if (from !== undefined) parseMonth(from);
  if (to !== undefined) parseMonth(to);
  if (from !== undefined && to !== undefined && to < from) {
    throw new AppError('BAD_INPUT', `the months from ${from} to ${to} are none: the last comes before the first`);
  }
  if (tables === undefined || tables.length === 0) return { source, from, to };
  const known = await listTableNames(registry, source);
  for (const pattern of tables) {
    if (!isTablePattern(pattern)) throw new AppError('BAD_INPUT', `${JSON.stringify(pattern)} is no schema.table`);
    if (known.some((name) => matchesTable(pattern, name))) continue;
    const where = source === undefined ? '' : ` of ${source}`;
    throw new AppError('NOT_FOUND', `no table${where} that the archive knows is ${pattern}`);
  }
  const chosen = known.filter((name) => tables.some((pattern) => matchesTable(pattern, name)));
  return { source, tableIds: chosen.map(({ id }) => id), from, to };
}
