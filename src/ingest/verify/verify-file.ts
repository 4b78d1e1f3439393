import { byteSource } from '../../aws/byte-source.ts';
import { hashedStream } from '../../aws/object-digest.ts';
import type { ObjectReader } from '../../aws/object-store.ts';
import { readObject } from '../../aws/resumable-read.ts';
import { AppError } from '../../errors.ts';
import { openParquet } from '../../parquet/parquet-file.ts';
import { WiderTypeNeeded } from '../../parquet/wider-type.ts';
import { compareCopies } from '../../raw/compare-copies.ts';
import { readKnownColumns } from '../../raw/known-columns.ts';
import { type KnownColumn, planColumns } from '../../raw/plan-columns.ts';
import { type DeliveryTable, deliveryTableOf, rawTableOf } from '../../raw/table-names.ts';
import { type FoundFile, findFile } from '../../registry/file/find-file.ts';
import type { IngestContext } from '../context.ts';
import type { CsvPart } from '../decode/csv/part.ts';
import { detectFormat, magicBytes } from '../decode/format.ts';
import { gunzip } from '../decode/gunzip.ts';
import { readCsvCells } from '../decode/second-reading/read-csv-cells.ts';
import { openZip } from '../decode/zip/zip.ts';
import { copyOptions, parquetLimits } from '../load/read-parquet.ts';
import { compareCells, type Difference } from './compare-cells.ts';

export interface Verification {
  readonly fileId: number;
  readonly rows: number;
  readonly cells: number;
  /** Of the object as it was read just now. */
  readonly sha256: string;
  readonly ok: boolean;
  /** How the second reading was made: by another parser, or by the same decoder once more. */
  readonly reading: 'second-parser' | 'decoded-again';
  /** The first of them; none when `ok`. */
  readonly differences: readonly Difference[];
}

/**
 * Proof that the raw database holds what the file holds: the object is read again at its ETag, its digest compared with
 * the one recorded, and every cell of every row, in order, with what the database has. CSV is read by another parser
 * than PostgreSQL's; parquet is decoded again and compared by PostgreSQL.
 * @throws AppError NOT_FOUND, ILLEGAL_STATE when the file is not INGESTED, FILE_CHANGED when the object was replaced
 */
export async function verifyFile(
  context: IngestContext,
  { fileId, signal }: { readonly fileId: number; readonly signal?: AbortSignal | undefined },
): Promise<Verification> {
  const file = await findFile(context.registry, fileId);
  const { etag, sizeBytes } = file;
  if (file.status !== 'INGESTED' || etag === null || sizeBytes === null) {
    throw new AppError('ILLEGAL_STATE', `file ${fileId} is ${file.status}: only an INGESTED file can be verified`);
  }
  await using reader = context.aws.openReader({
    role: file.role,
    bucket: file.bucket,
    bucketRegion: file.bucketRegion ?? undefined,
    prefix: file.root,
    client: file.client,
    job: 'verify',
  });
  const target = deliveryTableOf(rawTableOf(file), { deliveryId: file.deliveryId, periodStart: file.periodStart });
  const object = { key: file.key, etag, sizeBytes, signal };
  const reading = await readAgain(context, { reader, object, target, file });
  return withDigest(file, reading);
}

interface Again {
  readonly reader: ObjectReader;
  readonly object: {
    readonly key: string;
    readonly etag: string;
    readonly sizeBytes: number;
    readonly signal: AbortSignal | undefined;
  };
  readonly target: DeliveryTable;
  readonly file: FoundFile;
}

type Reading = Omit<Verification, 'fileId' | 'ok'>;

async function readAgain(context: IngestContext, again: Again): Promise<Reading> {
  const { reader, object } = again;
  const head = await readHead(reader, object);
  const format = detectFormat(object.key, head);
  if (format !== 'empty' && format.content === 'parquet') return decodeAgain(context, again);
  if (format !== 'empty' && format.container === 'zip') return readZipAgain(context, again);
  const { stream, digest } = hashedStream(readObject(reader, object));
  const bytes = format !== 'empty' && format.container === 'gzip' ? gunzip(stream, { name: object.key }) : stream;
  const compared = await compareCsv(context, again, [{ name: object.key, bytes }]);
  return { ...compared, sha256: digest().sha256 };
}

async function readHead(reader: ObjectReader, object: Again['object']): Promise<Uint8Array> {
  if (object.sizeBytes === 0) return new Uint8Array(0);
  const range = { start: 0, end: Math.min(magicBytes, object.sizeBytes) };
  const chunks: Uint8Array[] = [];
  for await (const chunk of readObject(reader, { ...object, range })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function readZipAgain(context: IngestContext, again: Again): Promise<Reading> {
  const source = byteSource(again.reader, again.object);
  try {
    const { parts } = await openZip(source, { name: again.object.key, signal: again.object.signal });
    const compared = await compareCsv(context, again, parts);
    return { ...compared, sha256: (await source.finish()).sha256 };
  } finally {
    await source.close();
  }
}

async function compareCsv(
  context: IngestContext,
  { target, file, object }: Again,
  parts: Iterable<CsvPart>,
): Promise<Omit<Reading, 'sha256'>> {
  const second = await readCsvCells(parts, object.signal === undefined ? {} : { signal: object.signal });
  const columns = await placesOf(
    context,
    target,
    second.columns.map((name) => ({ name, type: 'text' as const })),
  );
  const compared = await compareCells(context.raw.pool, { target, fileId: file.id, columns, file: second });
  return { ...compared, reading: 'second-parser' };
}

async function decodeAgain(context: IngestContext, { reader, object, target, file }: Again): Promise<Reading> {
  const source = byteSource(reader, object);
  try {
    const parquet = await openParquet(source, { signal: object.signal, limits: parquetLimits(context.settings) });
    try {
      const columns = await placesOf(context, target, parquet.columns);
      const data = parquet.copyRows(copyOptions(parquet, columns));
      const jsonAsText = new Set(
        columns.filter(({ columnType }, i) => columnType === 'text' && parquet.columns[i]?.type === 'jsonb'),
      );
      const compared = await compareCopies(context.raw.pool, {
        target,
        fileId: file.id,
        columns,
        jsonAsText,
        data,
        signal: object.signal,
      });
      const { sha256 } = await source.finish();
      return { ...compared, cells: compared.rows * columns.length, sha256, reading: 'decoded-again' };
    } finally {
      await parquet.close();
    }
  } catch (error) {
    if (error instanceof WiderTypeNeeded)
      throw new AppError('INTERNAL', `file ${file.id}: ${error.message}`, { cause: error });
    throw error;
  } finally {
    await source.close();
  }
}

/** Where the columns of this header went; a header with a column that the export never had is not the file that came in. */
async function placesOf(
  context: IngestContext,
  target: DeliveryTable,
  header: Parameters<typeof planColumns>[1],
): Promise<readonly KnownColumn[]> {
  const { added, placed } = planColumns(await readKnownColumns(context.raw.pool, target.exportId), header);
  if (added.length > 0) {
    const names = added.slice(0, 5).map(({ sourceName }) => JSON.stringify(sourceName));
    throw new AppError('DIGEST_MISMATCH', `the file has columns that the raw table never had: ${names.join(', ')}`);
  }
  return placed;
}

function withDigest(file: FoundFile, reading: Reading): Verification {
  const differences = [...reading.differences];
  if (reading.sha256 !== file.sha256) {
    differences.push({ row: 0, column: 'SHA-256 of the object', file: reading.sha256, database: file.sha256 });
  }
  if (reading.rows !== file.rows) {
    differences.push({ row: 0, column: 'number of rows', file: String(reading.rows), database: String(file.rows) });
  }
  return { fileId: file.id, ...reading, differences, ok: differences.length === 0 };
}
