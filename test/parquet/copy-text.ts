import assert from 'node:assert/strict';
import type { SourceColumn } from '../../src/db/column-type.ts';
import type { ByteSource } from '../../src/parquet/byte-source.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { defaultLimits } from '../../src/parquet/limits.ts';
import { type CopyRowsOptions, type OpenParquetOptions, openParquet } from '../../src/parquet/parquet-file.ts';
import { decodeRows } from '../../src/parquet/row-decoder.ts';
import { sourceColumn } from '../../src/parquet/schema.ts';

export type Field = string | null;

/** COPY's text format, read as PostgreSQL reads it; a line that is none fails. */
export function parseCopyText(text: string): Field[][] {
  if (text === '') return [];
  assert.ok(text.endsWith('\n'), 'the last line has an end');
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => line.split('\t').map((field) => (field === '\\N' ? null : unescaped(field))));
}

function unescaped(field: string): string {
  return field.replace(/\\(.?)/gs, (_, mark: string) => {
    if (mark === 't') return '\t';
    if (mark === 'n') return '\n';
    if (mark === 'r') return '\r';
    if (mark === 'b') return '\b';
    if (mark === 'f') return '\f';
    if (mark === 'v') return '\v';
    assert.equal(mark, '\\', `no escape of ours: \\${mark}`);
    return '\\';
  });
}

export interface ReadFile {
  readonly columns: readonly SourceColumn[];
  readonly rows: readonly (readonly Field[])[];
}

/** A whole file through the thread; the row numbers are checked and taken off. */
export async function readAll(
  source: ByteSource,
  options: CopyRowsOptions & { readonly open?: OpenParquetOptions } = {},
): Promise<ReadFile> {
  const file = await openParquet(source, options.open);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of file.copyRows(options)) {
      assert.equal(chunk.at(-1), 10, 'every chunk ends with a line');
      chunks.push(chunk);
    }
    const rows = parseCopyText(Buffer.concat(chunks).toString());
    assert.equal(rows.length, file.rowCount);
    return {
      columns: file.columns,
      rows: rows.map(([number, ...fields], index) => {
        assert.equal(number, String(index + 1));
        return fields;
      }),
    };
  } finally {
    await file.close();
  }
}

/** The same in this thread: for files by the hundred, where a thread each would take longer than the decoding. */
export async function readHere(source: ByteSource): Promise<ReadFile> {
  const layout = await readFooter(source, defaultLimits);
  const chunks: Buffer[] = [];
  const columns = layout.schema.columns.map(sourceColumn);
  await decodeRows({
    source,
    layout,
    limits: defaultLimits,
    request: { columns: [...columns.keys()], asText: new Set(), moreColumns: new Map() },
    output: {
      emit: (buffer, length) => void chunks.push(Buffer.from(buffer, 0, length)),
      wanted: async () => undefined,
    },
  });
  const rows = parseCopyText(Buffer.concat(chunks).toString());
  return { columns, rows: rows.map(([, ...fields]) => fields) };
}
