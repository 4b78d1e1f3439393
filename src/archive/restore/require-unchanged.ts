import type pg from 'pg';
import { quoteIdentifier, quoteQualified } from '../../db/identifier.ts';
import { AppError } from '../../errors.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import { stagedColumn } from './insert-staged.ts';
import type { ColumnMapping } from './map-columns.ts';
import { stagingTable } from './stage-rows.ts';

export interface RequireUnchanged {
  readonly target: TableDefinition;
  readonly mapping: ColumnMapping;
  readonly keyColumns: readonly string[];
  readonly condition: string;
  readonly triggers: readonly string[];
}

/**
 * That triggers of the target left the restored rows what they were archived as. Without a key they cannot be found again:
 * then their number has to do.
 * @throws AppError RESTORE_CONFLICT naming the triggers
 */
export async function requireUnchanged(client: pg.PoolClient, options: RequireUnchanged): Promise<void> {
  const { target, mapping, keyColumns, condition, triggers } = options;
  if (keyColumns.length === 0) return;
  const keys = keyColumns.map((name) => `t.${quoteIdentifier(name)} = ${stagedValue(mapping, name)}`);
  const names = mapping.columns.flatMap((column) =>
    column.kind === 'same' || column.kind === 'cast' ? [column.name] : [],
  );
  const now = `row(${names.map((name) => `t.${quoteIdentifier(name)}`).join(', ')})::text`;
  const then = `row(${names.map((name) => stagedValue(mapping, name)).join(', ')})::text`;
  const { rows } = await client.query<{ changed: number }>(
    `select count(*)::float8 as changed from ${stagingTable} s
      where ${condition}
        and not exists (select from ${quoteQualified(target.schema, target.table)} t
                         where ${keys.join(' and ')} and ${now} = ${then})`,
  );
  const changed = rows[0]?.changed ?? 0;
  if (changed === 0) return;
  throw new AppError(
    'RESTORE_CONFLICT',
    `${target.schema}.${target.table}: its triggers (${triggers.join(', ')}) changed ${changed} of the restored rows; disable them for the restore`,
  );
}

function stagedValue(mapping: ColumnMapping, name: string): string {
  const column = mapping.columns.find((candidate) => candidate.name === name);
  const staged = stagedColumn(mapping, name);
  return column?.kind === 'cast' ? `${staged}::${column.type}` : staged;
}
