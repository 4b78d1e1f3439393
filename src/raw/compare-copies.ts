import type pg from 'pg';
import { copyIn } from '../db/copy-in.ts';
import { quoteIdentifier } from '../db/identifier.ts';
import { inTransaction } from '../db/transaction.ts';
import { fileIdColumn, moreColumn, rowColumn } from './column-names.ts';
import type { KnownColumn } from './plan-columns.ts';
import { type DeliveryTable, quoteDeliveryTable } from './table-names.ts';

/** Differing rows that are named; beyond them the count says enough. */
const maxNamedRows = 20;

export interface CopyToCompare {
  readonly target: DeliveryTable;
  readonly fileId: number;
  readonly columns: readonly KnownColumn[];
  /** A second decoding of the same object, in COPY's text format, `_row` first. */
  readonly data: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
}

export interface RowDifference {
  readonly row: number;
  /** Undefined where one of the two has no such row at all. */
  readonly column: string | undefined;
  readonly file: string | null | undefined;
  readonly database: string | null | undefined;
}

export interface CopyComparison {
  readonly rows: number;
  readonly differences: readonly RowDifference[];
}

/**
 * Copies a second decoding of a file beside the rows that it gave, into a table that lives as long as this transaction,
 * and lets PostgreSQL compare the two value by value.
 */
export async function compareCopies(pool: pg.Pool, copy: CopyToCompare): Promise<CopyComparison> {
  return inTransaction(pool, async (client) => {
    const table = quoteDeliveryTable(copy.target);
    const own = copy.columns.filter(({ inMore }) => !inMore).map(({ columnName }) => quoteIdentifier(columnName));
    const names = [...own, ...(copy.columns.some(({ inMore }) => inMore) ? [moreColumn] : [])];
    await client.query(
      `create temporary table second_reading on commit drop as select ${[rowColumn, ...names].join(', ')} from ${table} with no data`,
    );
    const rows = await copyIn(client, {
      statement: `copy second_reading (${[rowColumn, ...names].join(', ')}) from stdin (format text)`,
      data: copy.data,
      ...(copy.signal && { signal: copy.signal }),
    });
    const pairs = names.map((name) => `('${name.replaceAll("'", "''")}', f.${name}::text, d.${name}::text)`);
    const differs = names.map((name) => `f.${name}::text is distinct from d.${name}::text`);
    const { rows: found } = await client.query<{
      row: string;
      column: string | null;
      file: string | null;
      database: string | null;
    }>(
      `select coalesce(f.${rowColumn}, d.${rowColumn}) as row, v.name as column, v.file, v.database
         from second_reading f
         full join (select * from ${table} where ${fileIdColumn} = $1) d using (${rowColumn})
         left join lateral (
           select * from (values ${pairs.length > 0 ? pairs.join(', ') : '(null, null, null)'}) as v(name, file, database)
            where v.file is distinct from v.database
         ) v on f.${rowColumn} is not null and d.${rowColumn} is not null
        where f.${rowColumn} is null or d.${rowColumn} is null or ${differs.length > 0 ? differs.join(' or ') : 'false'}
        order by 1 limit ${maxNamedRows}`,
      [copy.fileId],
    );
    return {
      rows,
      differences: found.map((entry) => ({ ...entry, row: Number(entry.row), column: entry.column ?? undefined })),
    };
  });
}
