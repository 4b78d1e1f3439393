/** Parquet files made byte by byte, so that every claim in them can be wrong. */

type Thrift =
  | { readonly i32: number }
  | { readonly i64: number }
  | { readonly binary: string | Uint8Array }
  | { readonly flag: boolean }
  | { readonly list: readonly Thrift[] }
  | { readonly fields: Readonly<Record<number, Thrift | undefined>> };

const i32 = (value: number): Thrift => ({ i32: value });
const i64 = (value: number): Thrift => ({ i64: value });
const binary = (value: string | Uint8Array): Thrift => ({ binary: value });
const list = (values: readonly Thrift[]): Thrift => ({ list: values });
const struct = (fields: Readonly<Record<number, Thrift | undefined>>): Thrift => ({ fields });

export function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

function zigzag(value: number): number[] {
  return varint(value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value));
}

function wireType(value: Thrift): number {
  if ('flag' in value) return value.flag ? 1 : 2;
  if ('i32' in value) return 5;
  if ('i64' in value) return 6;
  if ('binary' in value) return 8;
  return 'list' in value ? 9 : 12;
}

function encode(value: Thrift): number[] {
  if ('flag' in value) return [];
  if ('i32' in value) return zigzag(value.i32);
  if ('i64' in value) return zigzag(value.i64);
  if ('binary' in value) {
    const bytes = Buffer.from(value.binary);
    return [...varint(bytes.length), ...bytes];
  }
  if ('list' in value) {
    const [first] = value.list;
    const type = first === undefined ? 12 : wireType(first);
    return [0xf0 | type, ...varint(value.list.length), ...value.list.flatMap(encode)];
  }
  let before = 0;
  const bytes: number[] = [];
  for (const [key, field] of Object.entries(value.fields)) {
    if (field === undefined) continue;
    const id = Number(key);
    bytes.push(((id - before) << 4) | wireType(field), ...encode(field));
    before = id;
  }
  return [...bytes, 0];
}

export const physical = { boolean: 0, int32: 1, int64: 2, int96: 3, float: 4, double: 5, bytes: 6, fixed: 7 } as const;
export const codecs = { none: 0, snappy: 1, gzip: 2, brotli: 4, lz4: 5, zstd: 6, lz4Raw: 7, lzo: 3 } as const;

export interface PageSpec {
  readonly body: Uint8Array;
  readonly valueCount: number;
  /** 0 data, 2 dictionary. */
  readonly type?: number;
  readonly encoding?: number;
  /** Claims, where they differ from the body's length. */
  readonly uncompressedBytes?: number;
  readonly compressedBytes?: number;
  readonly crc?: number;
}

export interface ColumnSpec {
  readonly name: string;
  readonly type: number;
  readonly pages: readonly PageSpec[];
  /** 0 required, 1 optional, 2 repeated. */
  readonly repetition?: number;
  readonly fixedBytes?: number;
  readonly converted?: number;
  /** Field number of the union LogicalType, with an empty struct. */
  readonly logical?: number;
  readonly codec?: number;
  readonly valueCount?: number;
  /** The bytes that are said to be its own, where they are not. */
  readonly claims?: { readonly start: number; readonly bytes: number };
}

export interface FileSpec {
  readonly columns: readonly ColumnSpec[];
  readonly rowCount: number;
  /** The footer's total, where it differs. */
  readonly claimedRows?: number;
  /** How often the footer lists the one row group. */
  readonly groups?: number;
}

function pageHeader(page: PageSpec): Uint8Array {
  const isDictionary = page.type === 2;
  const inner = isDictionary
    ? struct({ 1: i32(page.valueCount), 2: i32(page.encoding ?? 0) })
    : struct({ 1: i32(page.valueCount), 2: i32(page.encoding ?? 0), 3: i32(3), 4: i32(3) });
  const header = struct({
    1: i32(page.type ?? 0),
    2: i32(page.uncompressedBytes ?? page.body.length),
    3: i32(page.compressedBytes ?? page.body.length),
    4: page.crc === undefined ? undefined : i32(page.crc | 0),
    ...(isDictionary ? { 7: inner } : { 5: inner }),
  });
  return Uint8Array.from(encode(header));
}

export function handMade({ columns, rowCount, claimedRows, groups = 1 }: FileSpec): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from('PAR1')];
  let position = 4;
  const chunks = columns.map((column) => {
    const start = position;
    let dataStart: number | undefined;
    for (const page of column.pages) {
      if (page.type !== 2) dataStart ??= position;
      for (const part of [pageHeader(page), page.body]) {
        parts.push(part);
        position += part.length;
      }
    }
    const meta = struct({
      1: i32(column.type),
      2: list([i32(0)]),
      3: list([binary(column.name)]),
      4: i32(column.codec ?? codecs.none),
      5: i64(column.valueCount ?? rowCount),
      6: i64(position - start),
      7: i64(column.claims?.bytes ?? position - start),
      9: i64(column.claims?.start ?? dataStart ?? start),
      11: column.pages[0]?.type === 2 ? i64(start) : undefined,
    });
    return struct({ 2: i64(start), 3: meta });
  });
  const root = struct({ 4: binary('root'), 5: i32(columns.length) });
  const elements = columns.map((column) =>
    struct({
      1: i32(column.type),
      2: column.fixedBytes === undefined ? undefined : i32(column.fixedBytes),
      3: i32(column.repetition ?? 0),
      4: binary(column.name),
      6: column.converted === undefined ? undefined : i32(column.converted),
      10: column.logical === undefined ? undefined : struct({ [column.logical]: struct({}) }),
    }),
  );
  const group = struct({ 1: list(chunks), 2: i64(position - 4), 3: i64(rowCount) });
  const footer = struct({
    1: i32(1),
    2: list([root, ...elements]),
    3: i64(claimedRows ?? rowCount),
    4: list(Array.from({ length: groups }, () => group)),
  });
  return withFooter(Buffer.concat(parts), Uint8Array.from(encode(footer)));
}

/** Puts a footer behind whatever is before it. */
export function withFooter(before: Uint8Array, footer: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([before, footer, length, Buffer.from('PAR1')]);
}

/** Byte arrays in PLAIN encoding. */
export function plainTexts(...values: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    values.flatMap((value) => {
      const bytes = Buffer.from(value);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** Converted type UTF8. */
export const utf8 = 0;

export function textColumn(name: string, ...values: readonly (string | Uint8Array)[]): ColumnSpec {
  return {
    name,
    type: physical.bytes,
    converted: utf8,
    pages: [{ body: plainTexts(...values), valueCount: values.length }],
  };
}
