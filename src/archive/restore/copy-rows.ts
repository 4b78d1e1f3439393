import type pg from 'pg';
import { copyIn } from '../../db/copy-in.ts';
import { quoteIdentifier, quoteQualified } from '../../db/identifier.ts';
import type { TableDefinition, TableName } from '../source/table-definition.ts';
import type { ColumnMapping } from './map-columns.ts';

export interface CopyRows {
  readonly target: TableName;
  readonly archived: TableDefinition;
  /** Canonical lines of the archived table. */
  readonly lines: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

/** Whether the archived lines are lines of the target as they are: then PostgreSQL takes them without any step between. */
export function isCopyable({ columns }: ColumnMapping): boolean {
  return columns.every(({ kind }) => kind === 'same');
}

/** The lines straight into the target. COPY keeps the values of identity columns. @returns rows */
export function copyRows(client: pg.PoolClient, { target, archived, lines, signal }: CopyRows): Promise<number> {
  const columns = archived.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  const statement = `copy ${quoteQualified(target.schema, target.table)} (${columns}) from stdin`;
  return copyIn(client, { statement, data: lines, signal });
}
