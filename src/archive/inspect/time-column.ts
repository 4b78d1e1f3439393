import type { TableDefinition } from '../source/table-definition.ts';
import { baseType } from '../source/writer-columns.ts';

const timeTypes: ReadonlySet<string> = new Set(['pg_catalog.timestamptz', 'pg_catalog.timestamp', 'pg_catalog.date']);

/**
 * Which column a policy might take, for a table that has none yet: the first time that is never null, else the first time.
 * @returns null for a table without any
 */
export function likelyTimeColumn({ columns, userTypes }: TableDefinition): string | null {
  const times = columns.filter((column) => timeTypes.has(baseType(column, userTypes).typeName));
  return (times.find(({ notNull }) => notNull) ?? times[0])?.name ?? null;
}
