import { sqlErrorOf } from '../../db/database-error.ts';
import type { RowSource } from '../../raw/load-file.ts';
import type { KnownColumn } from '../../raw/plan-columns.ts';
import { type CsvFile, decodeCsv } from '../decode/csv/decode-csv.ts';
import type { CsvPart } from '../decode/csv/part.ts';
import { explainCopyError } from '../decode/csv/ragged.ts';
import { foldSurplus } from '../decode/csv/wide.ts';
import { gunzip } from '../decode/gunzip.ts';
import { defaultLimits } from '../decode/limits.ts';
import type { FileReading, ObjectToLoad } from './file-reading.ts';
import type { PeekedStream } from './peek-stream.ts';

/** A CSV object, plain or gzipped, in one pass: download, digest, expand, number, COPY. */
export async function readCsvStream(
  peeked: PeekedStream,
  object: ObjectToLoad,
  container: 'plain' | 'gzip',
): Promise<FileReading> {
  const { key, signal, expansion } = object;
  const bytes =
    container === 'gzip'
      ? gunzip(peeked.stream, { name: key, limits: { ...defaultLimits, ...expansion }, signal })
      : peeked.stream;
  return readCsvParts([{ name: key, bytes }], object, {
    finish: async () => peeked.digest(),
    close: peeked.close,
  });
}

/** What stands behind the parts: the object's digest once they were read, and its release. */
export interface CsvOrigin {
  finish(): Promise<{ readonly bytes: number; readonly sha256: string }>;
  close(): Promise<void>;
}

export async function readCsvParts(
  parts: Iterable<CsvPart>,
  object: ObjectToLoad,
  origin: CsvOrigin,
): Promise<FileReading> {
  const { key, signal, expansion } = object;
  const close = async (file?: CsvFile) => {
    await file?.close();
    await origin.close();
  };
  let file: CsvFile;
  try {
    file = await decodeCsv(parts, { limits: expansion, signal });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    header: file.columns.map((name) => ({ name, type: 'text' as const })),
    rows: (placed) => csvRows(file, placed, { object, origin }),
    explain: (error, placed) => explain(error, file, { name: key, placed }),
    close: () => close(file),
  };
}

function csvRows(
  file: CsvFile,
  placed: readonly KnownColumn[],
  { object, origin }: { readonly object: ObjectToLoad; readonly origin: CsvOrigin },
): RowSource {
  const surplus = placed.filter(({ inMore }) => inMore);
  const data =
    surplus.length === 0
      ? file.rows()
      : foldSurplus(file, {
          name: object.key,
          surplus: placed.map(({ inMore, columnName }) => (inMore ? columnName : undefined)),
          maxRowBytes: defaultLimits.maxRowBytes,
          signal: object.signal,
        });
  return {
    columns: placed,
    format: 'csv',
    data,
    finish: async () => ({ rows: file.rowCount(), ...(await origin.finish()) }),
  };
}

function explain(
  error: unknown,
  file: CsvFile,
  { name, placed }: { readonly name: string; readonly placed: readonly KnownColumn[] },
): unknown {
  const refusal = sqlErrorOf(error);
  if (refusal === undefined) return error;
  const copyColumns = placed.map(({ columnName }) => columnName);
  const explained = explainCopyError(refusal, {
    name,
    columns: file.columns,
    copyColumns,
    placeOf: (row) => file.placeOf(row),
  });
  return explained ?? error;
}
