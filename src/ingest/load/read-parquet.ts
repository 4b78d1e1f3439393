import type { ByteSource } from '../../aws/byte-source.ts';
import { type CopyRowsOptions, openParquet, type ParquetFile } from '../../parquet/parquet-file.ts';
import type { RowSource } from '../../raw/load-file.ts';
import type { KnownColumn } from '../../raw/plan-columns.ts';
import type { FileReading, ObjectToLoad } from './file-reading.ts';

/**
 * A parquet expands several times as far as the same rows in gzip: a column that says one thing throughout costs it
 * nothing. 250 for CSV are 2,000 here, and the largest seen of a real report is 73.
 */
const columnarFactor = 8;

/** The settings' limits of expansion as the decoder takes them. */
export function parquetLimits({ maxExpandedBytes, maxExpansionRatio }: ObjectToLoad['expansion']) {
  return { maxExpandedBytes, maxExpansionRatio: maxExpansionRatio * columnarFactor };
}

/**
 * A parquet object: its footer first, then its row groups in one download, decoded in a thread of their own. The source is
 * closed with the reading; where none comes about it is the caller's still.
 */
export async function readParquet(source: ByteSource, object: ObjectToLoad): Promise<FileReading> {
  const file = await openParquet(source, { signal: object.signal, limits: parquetLimits(object.expansion) });
  const finish = async () => ({ rows: file.rowCount, ...(await source.finish()) });
  return {
    header: file.columns.map(({ name, type }) => ({ name, type: object.asText.has(name) ? 'text' : type })),
    rows: (placed) => parquetRows(file, placed, finish),
    explain: (error) => error,
    close: async () => {
      await file.close();
      await source.close();
    },
  };
}

function parquetRows(file: ParquetFile, placed: readonly KnownColumn[], finish: RowSource['finish']): RowSource {
  return { columns: placed, format: 'text', data: file.copyRows(copyOptions(file, placed)), finish };
}

/** How a file's columns are copied to where they go: its own columns, those for `_more`, and those that became text. */
export function copyOptions(file: Pick<ParquetFile, 'columns'>, placed: readonly KnownColumn[]): CopyRowsOptions {
  const columns = [...placed.keys()].filter((index) => placed[index]?.inMore === false);
  const more = placed.flatMap((column, index) => (column.inMore ? [[index, column.columnName] as const] : []));
  const asText = file.columns.filter(({ type }, index) => type !== 'text' && placed[index]?.columnType === 'text');
  return { columns, moreColumns: new Map(more), asText: new Set(asText.map(({ name }) => name)) };
}
