import { readFooter } from '../../../src/parquet/footer.ts';
import { defaultLimits } from '../../../src/parquet/limits.ts';
import { openPart } from '../../../src/parquet/read-part.ts';
import { decodeRows } from '../../../src/parquet/row-decoder.ts';
import type { WriterColumn, WriterType } from '../../../src/parquet/write/column.ts';
import { PartEncoder, type WrittenPart } from '../../../src/parquet/write/part-encoder.ts';
import type { Compression } from '../../../src/parquet/write/part-writer.ts';
import { MemorySource } from '../file-source.ts';

export const zstd: Compression = { codec: 'zstd', level: 1 };

export type SimpleKind = Exclude<WriterType['kind'], 'decimal'>;

export function column(name: string, kind: SimpleKind): WriterColumn {
  return { name, type: { kind } };
}

export function decimal(name: string, precision: number, scale: number): WriterColumn {
  return { name, type: { kind: 'decimal', precision, scale } };
}

/** A field of COPY's text format, as PostgreSQL prints a text; null is NULL. */
export function field(text: string | null): string {
  if (text === null) return '\\N';
  const letters: Record<string, string> = {
    '\b': 'b',
    '\t': 't',
    '\n': 'n',
    '\v': 'v',
    '\f': 'f',
    '\r': 'r',
    '\\': '\\',
  };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
  return text.replace(/[\x08-\x0d\\]/g, (character) => `\\${letters[character]}`);
}

export function linesOf(rows: readonly (readonly (string | null)[])[]): Buffer {
  return Buffer.from(rows.map((row) => `${row.map(field).join('\t')}\n`).join(''));
}

/** Writes a part in this thread: for parts by the hundred. */
export function writeHere(
  columns: readonly WriterColumn[],
  lines: Uint8Array,
  options: { readonly compression?: Compression; readonly metadata?: ReadonlyMap<string, string> } = {},
): WrittenPart {
  const encoder = new PartEncoder({ columns, compression: options.compression ?? zstd });
  if (lines.length > 0) encoder.add(lines);
  return encoder.finish(options.metadata ?? new Map());
}

export function fileOf({ chunks }: WrittenPart): Buffer {
  return Buffer.concat(chunks);
}

/** Its lines, decoded in this thread. */
export async function readHere(part: WrittenPart, columnCount: number): Promise<Buffer> {
  const source = new MemorySource(fileOf(part));
  const layout = await readFooter(source, defaultLimits);
  const names = layout.schema.columns.map(({ name }) => name);
  const spills = Object.entries(part.spills).map(
    ([name, spill]) => [names.indexOf(name), names.lastIndexOf(spill)] as const,
  );
  const chunks: Buffer[] = [];
  await decodeRows({
    source,
    layout,
    limits: { ...defaultLimits, maxExpansionRatio: Number.MAX_SAFE_INTEGER },
    request: {
      columns: Array.from({ length: columnCount }, (_, index) => index),
      asText: new Set(),
      moreColumns: new Map(),
      asPrinted: { spills: new Map(spills) },
    },
    output: {
      emit: (buffer, length) => void chunks.push(Buffer.from(buffer, 0, length)),
      wanted: async () => undefined,
    },
  });
  return Buffer.concat(chunks);
}

/** Its lines, through the decoder's thread. */
export async function readPart(file: Uint8Array, columns?: readonly string[]): Promise<Buffer> {
  const part = await openPart(new MemorySource(file));
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of part.lines({ columns })) chunks.push(chunk);
    return Buffer.concat(chunks);
  } finally {
    await part.close();
  }
}
