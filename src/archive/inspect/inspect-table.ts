import type pg from 'pg';
import { quoteIdentifier, quoteQualified } from '../../db/identifier.ts';
import { isAppError } from '../../errors.ts';
import type { Compression } from '../../parquet/write/compress.ts';
import type { NanoDollars } from '../cost/money.ts';
import type { StoredBytes } from '../cost/storage-cost.ts';
import { newestDueMonth } from '../month.ts';
import { keyOrder } from '../source/key-order.ts';
import { inSnapshot } from '../source/source-transaction.ts';
import { readDefinition, type TableDefinition, type TableName } from '../source/table-definition.ts';
import { readTableSize, type TableSize } from '../source/table-size.ts';
import { readTimeFacts, type TimeFacts } from '../source/time-facts.ts';
import { sampleTable, type TableSample } from './sample-table.ts';

/** Where no sample can be had: compressed parquet against the table's own bytes, rather too large than too small. */
const parquetShareOfTable = 0.25;

export interface InspectRequest extends TableName {
  /** Null: a snapshot, all of whose rows are due. */
  readonly timeColumn: string | null;
  readonly primaryKey?: readonly string[] | undefined;
  readonly hotDays: number;
  readonly partRows: number;
  readonly compression: Compression;
  readonly now: Date;
  /** What so many bytes in so many objects cost a month. */
  readonly monthlyCost: (stored: StoredBytes) => NanoDollars;
  readonly signal?: AbortSignal | undefined;
}

export interface TableInspection extends TableName {
  readonly sizeBytes: number;
  /** As the last analyze left it, or as counted where that is more. */
  readonly rows: number;
  /** PostgreSQL's text; null: no time column, no rows, or not counted. */
  readonly oldest: string | null;
  readonly newest: string | null;
  /** Null: counting took too long. */
  readonly due: { readonly months: number; readonly rows: number } | null;
  /** Rows that belong to no month, and are never archived by month. */
  readonly rowsWithoutMonth: number;
  readonly hasTimeIndex: boolean;
  /** The statement that makes one; null where there is one, or no time column. */
  readonly createIndex: string | null;
  /** Whether a key keeps its rows single; without one, rows of the same time stay together. */
  readonly hasKey: boolean;
  /** Of the rows that are due. */
  readonly archive: ArchiveEstimate;
}

export interface ArchiveEstimate extends StoredBytes {
  /** `sample`: some rows of the table, made into parquet. `size`: guessed from the table's own bytes. */
  readonly basis: 'sample' | 'size';
  readonly monthlyCost: NanoDollars;
}

/**
 * Looks at a table as a policy would: what is due of it, and what it would weigh and cost. All in read-only transactions.
 * @throws AppError as readDefinition and keyOrder
 */
export async function inspectTable(pool: pg.Pool, request: InspectRequest): Promise<TableInspection> {
  const { timeColumn, signal } = request;
  const { definition, size, key } = await inSnapshot(pool, async (client) => {
    const read = await readDefinition(client, request);
    return { definition: read, size: await readTableSize(client, read, timeColumn), key: keyOrder(read, request) };
  });
  signal?.throwIfAborted();
  const facts = await countRows(pool, { request, definition, size });
  signal?.throwIfAborted();
  const sample = await unlessTooLong(() =>
    inSnapshot(pool, (client) =>
      sampleTable(client, { definition, ...size, compression: request.compression, signal }),
    ),
  );
  const rowsWithoutMonth = facts === null ? 0 : facts.nullTimeRows + facts.infiniteTimeRows;
  const counted = facts?.months.reduce((sum, month) => sum + month.rows, 0) ?? 0;
  const rows = Math.max(size.estimatedRows, counted + rowsWithoutMonth, sample?.rows ?? 0);
  return {
    schema: request.schema,
    table: request.table,
    sizeBytes: size.sizeBytes,
    rows,
    oldest: facts?.oldest ?? null,
    newest: facts?.newest ?? null,
    due: timeColumn === null ? { months: 1, rows } : facts && { months: facts.months.length, rows: counted },
    rowsWithoutMonth,
    hasTimeIndex: size.hasTimeIndex,
    createIndex: timeColumn === null || size.hasTimeIndex ? null : createIndex(definition, timeColumn),
    hasKey: key.keyColumns.length > 0,
    archive: estimate({
      request,
      size,
      sample,
      rows,
      months: timeColumn === null ? [{ rows }] : (facts?.months ?? []),
    }),
  };
}

interface Inspecting {
  readonly request: InspectRequest;
  readonly definition: TableDefinition;
  readonly size: TableSize;
}

async function countRows(pool: pg.Pool, { request, definition, size }: Inspecting): Promise<TimeFacts | null> {
  const { timeColumn, now, hotDays } = request;
  if (timeColumn === null) return null;
  const upTo = newestDueMonth(now, hotDays);
  const { isTimeOrdered } = size;
  return unlessTooLong(() =>
    inSnapshot(pool, (client) => readTimeFacts(client, { definition, timeColumn, isTimeOrdered, upTo })),
  );
}

/** What takes too long is left unanswered: an inspection is no reason to burden a database. */
async function unlessTooLong<T>(work: () => Promise<T>): Promise<T | null> {
  return work().catch((error: unknown) => {
    if (isAppError(error, 'TIMEOUT')) return null;
    throw error;
  });
}

/** Without `concurrently`, nobody could write while the index is made; on a partitioned table PostgreSQL knows only that way. */
function createIndex({ schema, table, kind }: TableDefinition, timeColumn: string): string {
  const how = kind === 'partitioned' ? 'create index' : 'create index concurrently';
  return `${how} on ${quoteQualified(schema, table)} (${quoteIdentifier(timeColumn)})`;
}

interface Estimating {
  readonly request: InspectRequest;
  readonly size: TableSize;
  readonly sample: TableSample | null;
  /** Of the whole table. */
  readonly rows: number;
  /** That are due. */
  readonly months: readonly { readonly rows: number }[];
}

function estimate({ request, size, sample, rows, months }: Estimating): ArchiveEstimate {
  const due = months.reduce((sum, month) => sum + month.rows, 0);
  const isSampled = sample !== null && sample.rows > 0;
  const bytesPerRow = isSampled
    ? sample.parquetBytes / sample.rows
    : (size.sizeBytes * parquetShareOfTable) / Math.max(1, rows);
  const bytes = BigInt(Math.ceil(bytesPerRow * due));
  const objects = BigInt(months.reduce((sum, month) => sum + Math.ceil(month.rows / request.partRows), 0));
  const monthlyCost = request.monthlyCost({ bytes, objects });
  return { bytes, objects, basis: isSampled ? 'sample' : 'size', monthlyCost };
}
