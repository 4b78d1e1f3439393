import type pg from 'pg';
import { copyOut } from '../../db/copy-out.ts';
import { quoteQualified } from '../../db/identifier.ts';
import type { Compression } from '../../parquet/write/compress.ts';
import { openPartWriter, type WrittenPart } from '../../parquet/write/part-writer.ts';
import { footerMetadata } from '../export/footer.ts';
import { canonicalJson } from '../manifest/canonical-json.ts';
import type { Month } from '../month.ts';
import { type KeyOrder, nameOf } from '../source/key-order.ts';
import { column, orderBy, rangeCondition, rowAlias } from '../source/range-condition.ts';
import { pinnedSettings } from '../source/session-settings.ts';
import { definitionSha256, type TableDefinition } from '../source/table-definition.ts';
import { writerColumns } from '../source/writer-columns.ts';

/** Enough that dictionaries and compression do their work, little enough to be over in a second. */
const maxSampleRows = 10_000;
/** Wide rows end the sample earlier. */
const maxSampleBytes = 64 * 1024 * 1024;
/** By whose width the others' is guessed. */
const measuredRows = 100;
/** Pages are looked at for more rows than are taken: many of them may be half empty. */
const spareFactor = 2;
const statementTimeoutSeconds = 60;

/** What some rows of a table weigh, as text and as a part of the archive with all that is in its footer. */
export interface TableSample {
  readonly rows: number;
  readonly textBytes: number;
  readonly parquetBytes: number;
  /** Of a part of only the first of them: most of it is what every part has, however few its rows. */
  readonly smallestBytes: number;
}

export interface SampleOptions {
  readonly definition: TableDefinition;
  readonly key: KeyOrder;
  /** Whose first rows are taken, which an index finds; null: rows of pages spread over the table. */
  readonly month: Month | null;
  readonly estimatedRows: number;
  /** Of a usual part: rows compress the better the more of them are together. */
  readonly partRows: number;
  readonly compression: Compression;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes rows of the table and writes them, in the order of an export, as parts that go nowhere; in the caller's transaction.
 * @returns null for a table without rows @throws AppError TIMEOUT
 */
export async function sampleTable(client: pg.PoolClient, options: SampleOptions): Promise<TableSample | null> {
  const { definition, partRows, signal } = options;
  const table = `${quoteQualified(definition.schema, definition.table)} as ${rowAlias}`;
  await client.query(`set local statement_timeout = '${statementTimeoutSeconds}s'`);
  const { rows: found } = await client.query<{ bytes: number }>(
    `select coalesce(avg(length(taken.line)), 1)::float8 as bytes
     from (select (${rowAlias}.*)::text as line from ${table} limit ${measuredRows}) as taken`,
  );
  const limit = Math.max(1, Math.min(maxSampleRows, partRows, Math.floor(maxSampleBytes / (found[0]?.bytes ?? 1))));
  const columns = definition.columns.map(({ name }) => column(rowAlias, name)).join(', ');
  const statement = `copy (select ${columns} from ${rowsOf(options, { table, limit })}) to stdout`;
  const chunks: Buffer[] = [];
  for await (const lines of copyOut(client, { statement, subject: nameOf(definition), signal })) chunks.push(lines);
  const [first] = chunks;
  if (first === undefined) return null;
  const textBytes = chunks.reduce((sum, { length }) => sum + length, 0);
  // A copy: what is written is handed over.
  const firstLine = Buffer.from(first.subarray(0, first.indexOf('\n') + 1));
  const { rows, sizeBytes } = await writePart(chunks, options);
  const smallest = await writePart([firstLine], options);
  return { rows, textBytes, parquetBytes: sizeBytes, smallestBytes: smallest.sizeBytes };
}

/** In the order of an export: neighbours that are alike compress. */
function rowsOf(
  { definition, key, month, estimatedRows }: SampleOptions,
  { table, limit }: { readonly table: string; readonly limit: number },
): string {
  const order = `order by ${orderBy(key, rowAlias)}`;
  if (month !== null) return `${table} where ${rangeCondition({ definition, key, month })} ${order} limit ${limit}`;
  const percent = (100 * spareFactor * limit) / Math.max(1, estimatedRows);
  // A table that is read in a moment is not searched for pages with rows: there may be none among a few.
  const isWhole = percent >= 100 || estimatedRows <= maxSampleRows;
  const pages = isWhole ? '' : ` tablesample system (${percent}) repeatable (1)`;
  return `(select * from ${table}${pages} limit ${limit}) as ${rowAlias} ${order}`;
}

async function writePart(
  chunks: readonly Buffer[],
  { definition, compression, signal }: SampleOptions,
): Promise<WrittenPart> {
  await using writer = openPartWriter({
    columns: writerColumns(definition),
    compression,
    ...(signal === undefined ? {} : { signal }),
  });
  for (const lines of chunks) await writer.write(lines);
  return await writer.finish(footerOf(definition));
}

/** As long as that of a part that is kept. */
function footerOf(definition: TableDefinition): ReadonlyMap<string, string> {
  const sha256 = definitionSha256(definition);
  const rows = maxSampleRows;
  return footerMetadata(
    {
      archive_version: '1',
      source: 'source',
      table: nameOf(definition),
      month: '2000-01',
      mode: 'monthly',
      part: 1,
      rows,
      digest: sha256,
      ranges: [{ ordinal: 1, rows, sha256 }],
      definition_sha256: sha256,
      settings: { ...pinnedSettings },
    },
    canonicalJson(definition),
  );
}
