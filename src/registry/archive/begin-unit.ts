import { AppError } from '../../errors.ts';
import type { Prisma } from '../generated/client.ts';
import type { Registry } from '../registry.ts';
import type { ArchiveMode, UnitRecord } from './unit-record.ts';
import { toUnit, unitInclude } from './unit-rows.ts';

export interface NewUnit {
  readonly tableId: number;
  /** `2026-01`. */
  readonly month: string;
  readonly mode: ArchiveMode;
  readonly policyName: string;
  readonly policy: Prisma.InputJsonObject;
  readonly definitionSha256: string;
  readonly timeColumn: string | null;
  readonly keyColumns: readonly string[];
  readonly retainUntil: Date;
}

/**
 * The unit of this table and month, begun in state PLANNED where there is none yet. One that was begun before keeps what
 * it was begun with: its parts are of that definition and that key order.
 */
export async function beginUnit(registry: Registry, unit: NewUnit): Promise<UnitRecord> {
  const { month, keyColumns, ...rest } = unit;
  const period = firstDay(month);
  const tableId_period_mode = { tableId: unit.tableId, period, mode: unit.mode };
  const row = await registry.archiveUnit.upsert({
    where: { tableId_period_mode },
    create: { ...rest, period, keyColumns: [...keyColumns] },
    update: {},
    include: unitInclude,
  });
  return toUnit(row);
}

export function firstDay(month: string): Date {
  const date = new Date(`${month}-01T00:00:00Z`);
  if (Number.isNaN(date.getTime())) throw new AppError('BAD_INPUT', `not a month: ${month}`);
  return date;
}
