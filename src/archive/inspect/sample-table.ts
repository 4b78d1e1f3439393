import type pg from 'pg';
import { copyOut } from '../../db/copy-out.ts';
import { quoteQualified } from '../../db/identifier.ts';
import type { Compression } from '../../parquet/write/compress.ts';
import { openPartWriter } from '../../parquet/write/part-writer.ts';
import { nameOf } from '../source/key-order.ts';
import { column, rowAlias } from '../source/range-condition.ts';
import type { TableDefinition } from '../source/table-definition.ts';
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

/** What some rows of a table weigh, as text and as a part of the archive. */
export interface TableSample {
  readonly rows: number;
  readonly textBytes: number;
  readonly parquetBytes: number;
}

export interface SampleOptions {
  readonly definition: TableDefinition;
  readonly estimatedRows: number;
  readonly compression: Compression;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes rows of pages spread over the table and writes them as a part that goes nowhere, in the caller's transaction.
 * @throws AppError TIMEOUT
 */
export async function sampleTable(client: pg.PoolClient, options: SampleOptions): Promise<TableSample> {
  const { definition, estimatedRows, compression, signal } = options;
  const table = `${quoteQualified(definition.schema, definition.table)} as ${rowAlias}`;
  await client.query(`set local statement_timeout = '${statementTimeoutSeconds}s'`);
  const { rows: found } = await client.query<{ bytes: number }>(
    `select coalesce(avg(length(taken.line)), 1)::float8 as bytes
     from (select (${rowAlias}.*)::text as line from ${table} limit ${measuredRows}) as taken`,
  );
  const limit = Math.max(1, Math.min(maxSampleRows, Math.floor(maxSampleBytes / (found[0]?.bytes ?? 1))));
  const percent = (100 * spareFactor * limit) / Math.max(1, estimatedRows);
  const pages = percent >= 100 ? '' : ` tablesample system (${percent}) repeatable (1)`;
  const columns = definition.columns.map(({ name }) => column(rowAlias, name)).join(', ');
  const statement = `copy (select ${columns} from ${table}${pages} limit ${limit}) to stdout`;
  await using writer = openPartWriter({
    columns: writerColumns(definition),
    compression,
    ...(signal === undefined ? {} : { signal }),
  });
  let textBytes = 0;
  for await (const lines of copyOut(client, { statement, subject: nameOf(definition), signal })) {
    textBytes += lines.length;
    await writer.write(lines);
  }
  const { rows, sizeBytes } = await writer.finish(new Map());
  return { rows, textBytes, parquetBytes: sizeBytes };
}
