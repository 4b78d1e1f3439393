import type { Prisma } from '../generated/client.ts';
import type { Page } from '../page.ts';
import type { Registry } from '../registry.ts';
import { firstDay } from './begin-unit.ts';
import type { UnitRecord, UnitState, WholeUnit } from './unit-record.ts';
import { toUnit, toWholeUnit, unitInclude, wholeUnitInclude } from './unit-rows.ts';

export interface UnitFilter {
  readonly source?: string | undefined;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly state?: UnitState | undefined;
  /** First and last month, `2026-01`. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Oldest id first; a page. */
export async function listUnits(
  registry: Registry,
  filter: UnitFilter,
  { limit, cursor = 0 }: Page,
): Promise<readonly UnitRecord[]> {
  const rows = await registry.archiveUnit.findMany({
    where: { ...unitWhere(filter), id: { gt: cursor } },
    include: unitInclude,
    orderBy: { id: 'asc' },
    take: limit,
  });
  return rows.map(toUnit);
}

/** The same with their parts, ranges and departed rows. */
export async function listWholeUnits(
  registry: Registry,
  filter: UnitFilter,
  { limit, cursor = 0 }: Page,
): Promise<readonly WholeUnit[]> {
  const rows = await registry.archiveUnit.findMany({
    where: { ...unitWhere(filter), id: { gt: cursor } },
    include: wholeUnitInclude,
    orderBy: { id: 'asc' },
    take: limit,
  });
  return rows.map(toWholeUnit);
}

function unitWhere({ source, schema, table, state, from, to }: UnitFilter): Prisma.ArchiveUnitWhereInput {
  return {
    ...(state === undefined ? {} : { state }),
    period: {
      ...(from === undefined ? {} : { gte: firstDay(from) }),
      ...(to === undefined ? {} : { lte: firstDay(to) }),
    },
    table: {
      ...(source === undefined ? {} : { source }),
      ...(schema === undefined ? {} : { schemaName: schema }),
      ...(table === undefined ? {} : { tableName: table }),
    },
  };
}
