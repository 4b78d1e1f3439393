import type pg from 'pg';
import { copyIn } from '../db/copy-in.ts';
import { quoteIdentifier, quoteLiteral } from '../db/identifier.ts';
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
  /** Of `columns`, those that hold JSON in a text column: it was jsonb's own spelling of it before the column was widened. */
  readonly jsonAsText: ReadonlySet<KnownColumn>;
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
    const compared = comparisons(copy);
    const names = [rowColumn, ...compared.map(({ name }) => name)].join(', ');
    await client.query(
      `create temporary table second_reading on commit drop as select ${names} from ${table} with no data`,
    );
    const rows = await copyIn(client, {
      statement: `copy second_reading (${names}) from stdin (format text)`,
      data: copy.data,
      ...(copy.signal && { signal: copy.signal }),
    });
    const cells = compared.map(
      ({ name, label, differs }) => `(${quoteLiteral(label)}, f.${name}::text, d.${name}::text, ${differs})`,
    );
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
           select * from (values ${cells.length > 0 ? cells.join(', ') : '(null, null, null, false)'}) as v(name, file, database, differs)
            where v.differs
         ) v on f.${rowColumn} is not null and d.${rowColumn} is not null
        where ${[`f.${rowColumn} is null`, `d.${rowColumn} is null`, ...compared.map(({ differs }) => differs)].join(' or ')}
        order by 1 limit ${maxNamedRows}`,
      [copy.fileId],
    );
    return {
      rows,
      differences: found.map((entry) => ({ ...entry, row: Number(entry.row), column: entry.column ?? undefined })),
    };
  });
}

interface Comparison {
  readonly name: string;
  /** What people know the column by. */
  readonly label: string;
  /** SQL over the second reading `f` and the database's `d`. */
  readonly differs: string;
}

function comparisons({ columns, jsonAsText }: CopyToCompare): readonly Comparison[] {
  const own = columns
    .filter(({ inMore }) => !inMore)
    .map((column) => {
      const name = quoteIdentifier(column.columnName);
      const plain = `f.${name}::text is distinct from d.${name}::text`;
      return {
        name,
        label: column.sourceName,
        differs: jsonAsText.has(column) ? `(${plain} and ${notAsJsonb(name)})` : plain,
      };
    });
  if (!columns.some(({ inMore }) => inMore)) return own;
  const differs = `f.${moreColumn}::text is distinct from d.${moreColumn}::text`;
  return [...own, { name: moreColumn, label: moreColumn, differs }];
}

/** Nor is it jsonb's spelling of the same. Text with an escaped NUL never was jsonb, and cannot be. */
function notAsJsonb(name: string): string {
  return `case when strpos(f.${name}, '\\u0000') > 0 then true else f.${name}::jsonb::text is distinct from d.${name} end`;
}
