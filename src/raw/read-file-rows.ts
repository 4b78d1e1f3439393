import type pg from 'pg';
import { quoteIdentifier } from '../db/identifier.ts';
import { inTransaction } from '../db/transaction.ts';
import { fileIdColumn, moreColumn, rowColumn } from './column-names.ts';
import type { KnownColumn } from './plan-columns.ts';
import { type DeliveryTable, quoteDeliveryTable } from './table-names.ts';

/** Rows of one fetch: some megabytes of a wide table. */
const rowsPerFetch = 1_000;

/** One row of the raw table: its position in the file, and each column asked for as PostgreSQL's text. */
export interface FileRow {
  readonly row: number;
  readonly cells: readonly (string | null)[];
}

export interface FileRowsRequest {
  readonly target: DeliveryTable;
  readonly fileId: number;
  /** Those that are kept in `_more` are taken out of it. */
  readonly columns: readonly KnownColumn[];
}

/** Gives `consume` the rows that a file gave, in the file's order, in batches, all of one state of the database. */
export async function readFileRows<T>(
  pool: pg.Pool,
  { target, fileId, columns }: FileRowsRequest,
  consume: (batches: AsyncIterable<readonly FileRow[]>) => Promise<T>,
): Promise<T> {
  const own = columns.filter(({ inMore }) => !inMore).map(({ columnName }) => `${quoteIdentifier(columnName)}::text`);
  const more = columns.some(({ inMore }) => inMore) ? [`${moreColumn}::text`] : [];
  return inTransaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    await client.query(
      `declare file_rows no scroll cursor for
       select ${[rowColumn, ...own, ...more].join(', ')}
         from ${quoteDeliveryTable(target)} where ${fileIdColumn} = $1 order by ${rowColumn}`,
      [fileId],
    );
    async function* batches(): AsyncGenerator<readonly FileRow[], void> {
      for (;;) {
        const query = { text: `fetch ${rowsPerFetch} from file_rows`, rowMode: 'array' as const };
        const { rows } = await client.query<(string | null)[]>(query);
        if (rows.length === 0) return;
        yield rows.map((values) => toFileRow(values, columns));
      }
    }
    return consume(batches());
  });
}

function toFileRow(values: readonly (string | null)[], columns: readonly KnownColumn[]): FileRow {
  const last = values.at(-1);
  const more = columns.some(({ inMore }) => inMore) ? (JSON.parse(last ?? '{}') as Record<string, string>) : {};
  let next = 1;
  const cells = columns.map(({ inMore, columnName }) =>
    inMore ? (Object.hasOwn(more, columnName) ? (more[columnName] ?? null) : null) : (values[next++] ?? null),
  );
  return { row: Number(values[0]), cells };
}
