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
import { type SampleOptions, sampleTable, type TableSample } from './sample-table.ts';

/** Where no sample can be had: compressed parquet against the table's own bytes, rather too large than too small. */
const parquetShareOfTable = 0.25;

export interface InspectRequest extends TableName {
  /** Null: a snapshot, all of whose rows are due. */
  readonly timeColumn: string | null;
  readonly primaryKey?: readonly string[] | undefined;
  readonly hotDays: number;
  readonly partRows: number;
  /** Of text. */
  readonly partBytes: number;
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
  const options = { definition, key, compression: request.compression, signal, ...usualPart(request, size, facts) };
  const sample = await unlessTooLong(() => inSnapshot(pool, (client) => sampleTable(client, { ...options, ...size })));
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

/** How many rows a part has, and the month to look at: that of the most rows, where they need not be searched for. */
function usualPart(
  { partRows }: InspectRequest,
  { isTimeOrdered }: TableSize,
  facts: TimeFacts | null,
): Pick<SampleOptions, 'partRows' | 'month'> {
  const months = (facts?.months ?? []).toSorted((a, b) => b.rows - a.rows);
  const [largest] = months;
  if (largest === undefined) return { partRows, month: null };
  const mean = Math.ceil(months.reduce((sum, { rows }) => sum + rows, 0) / months.length);
  return { partRows: Math.min(partRows, mean), month: isTimeOrdered ? largest.month : null };
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
  const weight = sample === null ? weightBySize(size, rows) : weightBySample(sample);
  const partRows = Math.max(1, Math.min(request.partRows, Math.floor(request.partBytes / weight.textBytesOfRow)));
  const due = months.reduce((sum, month) => sum + month.rows, 0);
  const parts = months.reduce((sum, month) => sum + Math.ceil(month.rows / partRows), 0);
  const bytes = BigInt(Math.ceil(weight.bytesOfPart * parts + weight.bytesOfRow * due));
  const objects = BigInt(parts);
  const monthlyCost = request.monthlyCost({ bytes, objects });
  return { bytes, objects, basis: sample === null ? 'size' : 'sample', monthlyCost };
}

interface Weight {
  readonly textBytesOfRow: number;
  readonly bytesOfRow: number;
  /** Of a part without rows. */
  readonly bytesOfPart: number;
}

function weightBySample({ rows, textBytes, parquetBytes, smallestBytes }: TableSample): Weight {
  const bytesOfRow = rows === 1 ? 0 : Math.max(0, parquetBytes - smallestBytes) / (rows - 1);
  return { textBytesOfRow: textBytes / rows, bytesOfRow, bytesOfPart: smallestBytes - bytesOfRow };
}

function weightBySize({ sizeBytes }: TableSize, rows: number): Weight {
  const bytesOfRow = (sizeBytes * parquetShareOfTable) / Math.max(1, rows);
  return { textBytesOfRow: Math.max(1, sizeBytes / Math.max(1, rows)), bytesOfRow, bytesOfPart: 0 };
}
