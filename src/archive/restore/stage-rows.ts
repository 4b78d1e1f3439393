import type pg from 'pg';
import { copyIn } from '../../db/copy-in.ts';
import { quoteIdentifier } from '../../db/identifier.ts';
import type { MappedColumn } from './map-columns.ts';

/** Of the transaction alone; its columns are numbered, so that no name of the archived table meets another. */
export const stagingTable = 'pg_temp.billvault_staging';

/** The name of an archived column in the staging table, by its place in a line. */
export function stagedName(index: number): string {
  return `c${index + 1}`;
}

export interface StageRows {
  readonly columns: readonly MappedColumn[];
  readonly lines: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

/**
 * The lines into a temporary table: what goes into a column of the same type is read as that type by COPY itself, all else
 * stays the text that the source server printed.
 * @returns rows
 */
export async function stageRows(client: pg.PoolClient, { columns, lines, signal }: StageRows): Promise<number> {
  await createStage(client, stagingTable, columns);
  return copyIn(client, { statement: `copy ${stagingTable} from stdin`, data: lines, signal });
}

export async function createStage(
  client: pg.PoolClient,
  name: string,
  columns: readonly MappedColumn[],
): Promise<void> {
  const definitions = columns.map((column, index) => `${quoteIdentifier(stagedName(index))} ${typeOf(column)}`);
  await client.query(`create table ${name} (${definitions.join(', ')}) on commit drop`);
}

function typeOf(column: MappedColumn): string {
  return column.kind === 'same' ? column.type : 'text';
}
