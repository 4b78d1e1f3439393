import { quoteIdentifier } from '../../db/identifier.ts';
import type { UnitRecord } from '../../registry/archive/unit-record.ts';
import { monthEnd, monthStart } from '../month.ts';
import { timeTypeOf } from '../source/key-order.ts';
import type { TableDefinition } from '../source/table-definition.ts';

export interface Partition {
  readonly schema: string;
  readonly table: string;
  /** `FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')`: asked again once it is locked. */
  readonly bound: string;
}

/**
 * The partition that holds exactly the unit's month and nothing else, where there is one: it can be detached as a whole.
 * Bounds are compared as PostgreSQL prints them in a session whose time zone is UTC.
 */
export function findPartition(
  definition: TableDefinition,
  { mode, month, timeColumn }: Pick<UnitRecord, 'mode' | 'month' | 'timeColumn'>,
): Partition | undefined {
  const { partitioning, schema, table } = definition;
  if (partitioning === null || mode !== 'monthly' || timeColumn === null) return undefined;
  const keys = [`RANGE (${timeColumn})`, `RANGE (${quoteIdentifier(timeColumn)})`];
  if (!keys.includes(partitioning.key)) return undefined;
  const type = timeTypeOf(definition, timeColumn);
  const time = { date: '', timestamp: ' 00:00:00', timestamptz: ' 00:00:00+00' }[type];
  const [from, to] = [monthStart(month), monthEnd(month)].map((at) => `'${at.toISOString().slice(0, 10)}${time}'`);
  const bound = `FOR VALUES FROM (${from}) TO (${to})`;
  return partitioning.partitions.find((one) => one.parent === `${schema}.${table}` && one.bound === bound);
}
