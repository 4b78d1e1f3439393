import type { ParquetType } from 'hyparquet';
import { examineText, writeHex, writeJsonString, writeUuid } from './escape.ts';
import type { LeafType } from './leaf-type.ts';
import {
  halfToDouble,
  unscaledOf,
  writeDecimal,
  writeDouble,
  writeFloat4,
  writeInt64,
  writeInteger,
  writeUint64,
} from './number-text.ts';
import { invalid } from './problems.ts';
import type { Leaf } from './schema.ts';
import type { TextSink } from './text-sink.ts';
import {
  type Bounds,
  timestampOf,
  timestampOfInt96,
  writeDate,
  writeInterval,
  writeTime,
  writeTimestamp,
} from './time-text.ts';

/** Where a page's values lie. */
export interface ValueBytes {
  readonly bytes: Uint8Array;
  /** Over the same bytes. */
  readonly view: DataView;
}

/** Writes the text of the value at `start`, `length` bytes long in PLAIN encoding. @throws ValueProblem */
export type WriteValue = (from: ValueBytes, start: number, length: number, sink: TextSink) => void;

/**
 * `typed`: for a column of the leaf's own type. `text`: exact text without bounds. `json`: one JSON value. `printed`: as
 * `typed`, but for single-precision numbers, which PostgreSQL prints with fewer digits than the double of the same value.
 */
export type LeafForm = 'typed' | 'text' | 'json' | 'printed';

export function leafText(leaf: Leaf, form: LeafForm): WriteValue {
  const write = plainText(leaf, form);
  return form === 'json' && isQuoted(leaf.type) ? quoted(write) : write;
}

/** Physical bytes of one value in PLAIN encoding; undefined for BYTE_ARRAY, of which each has its own length. */
export function widthOf(leaf: Leaf): number | undefined {
  const widths: Record<ParquetType, number | undefined> = {
    BOOLEAN: 1,
    INT32: 4,
    INT64: 8,
    INT96: 12,
    FLOAT: 4,
    DOUBLE: 8,
    BYTE_ARRAY: undefined,
    FIXED_LEN_BYTE_ARRAY: leaf.fixedBytes,
  };
  return widths[leaf.physical];
}

/** Numbers and booleans are JSON values as they are written; text quotes itself. */
function isQuoted(type: LeafType): boolean {
  switch (type.kind) {
    case 'date':
    case 'time':
    case 'timestamp':
    case 'int96':
    case 'interval':
    case 'uuid':
      return true;
    default:
      return false;
  }
}

function quoted(write: WriteValue): WriteValue {
  return (from, start, length, sink) => {
    sink.byte(34);
    write(from, start, length, sink);
    sink.byte(34);
  };
}

function plainText({ type, physical }: Leaf, form: LeafForm): WriteValue {
  const isTyped = form === 'typed' || form === 'printed';
  const bounds: Bounds = isTyped ? 'bounded' : 'unbounded';
  switch (type.kind) {
    case 'boolean':
      return booleanText(form);
    case 'int32':
      return ({ view }, start, _, sink) => writeInteger(view.getInt32(start, true), sink);
    case 'uint32':
      return ({ view }, start, _, sink) => writeInteger(view.getUint32(start, true), sink);
    case 'int64':
      return ({ view }, start, _, sink) =>
        writeInt64(view.getUint32(start, true), view.getInt32(start + 4, true), sink);
    case 'uint64':
      return ({ view }, start, _, sink) =>
        writeUint64(view.getUint32(start, true), view.getInt32(start + 4, true), sink);
    case 'float16':
      return doubleText(form, ({ view }, start) => halfToDouble(view.getUint16(start, true)));
    case 'float32':
      if (form === 'printed') return ({ view }, start, _, sink) => writeFloat4(view.getFloat32(start, true), sink);
      return doubleText(form, ({ view }, start) => view.getFloat32(start, true));
    case 'float64':
      return doubleText(form, ({ view }, start) => view.getFloat64(start, true));
    case 'decimal':
      return decimalText(physical, type.scale);
    case 'date':
      return ({ view }, start, _, sink) => writeDate(view.getInt32(start, true), bounds, sink);
    case 'time':
      return ({ view }, start, _, sink) =>
        writeTime(countOf(view, start, physical), type.unit, type.unit === 'nanos' ? 'unbounded' : bounds, sink);
    case 'timestamp': {
      const timestampForm = { isUtc: type.isUtc, bounds };
      return ({ view }, start, _, sink) =>
        writeTimestamp(
          timestampOf(view.getUint32(start, true), view.getInt32(start + 4, true), type.unit),
          timestampForm,
          sink,
        );
    }
    case 'int96': {
      const timestampForm = { isUtc: false, bounds };
      return ({ view }, start, _, sink) => {
        const julianDay = view.getInt32(start + 8, true);
        const timestamp = timestampOfInt96(view.getUint32(start, true), view.getInt32(start + 4, true), julianDay);
        writeTimestamp(timestamp, timestampForm, sink);
      };
    }
    case 'interval':
      return ({ view }, start, _, sink) => writeInterval(view, start, sink);
    case 'uuid':
      return ({ bytes }, start, _, sink) => writeUuid(bytes, start, sink);
    case 'text':
      return stringText(form);
    case 'bytes':
      return bytesText(form);
  }
}

function booleanText(form: LeafForm): WriteValue {
  const [no, yes] = form === 'typed' || form === 'printed' ? ['f', 't'] : ['false', 'true'];
  return ({ bytes }, start, _, sink) => sink.ascii(bytes[start] === 0 ? (no as string) : (yes as string));
}

/** JSON has no NaN and no infinities: there they are the strings that PostgreSQL would print. */
function doubleText(form: LeafForm, read: (from: ValueBytes, start: number) => number): WriteValue {
  if (form !== 'json') return (from, start, _, sink) => writeDouble(read(from, start), sink);
  return (from, start, _, sink) => {
    const value = read(from, start);
    const isNumber = Number.isFinite(value);
    if (!isNumber) sink.byte(34);
    writeDouble(value, sink);
    if (!isNumber) sink.byte(34);
  };
}

function decimalText(physical: ParquetType, scale: number): WriteValue {
  switch (physical) {
    case 'INT32':
      return ({ view }, start, _, sink) => writeDecimal(view.getInt32(start, true), scale, sink);
    case 'INT64':
      return ({ view }, start, _, sink) => {
        const value = view.getInt32(start + 4, true) * 2 ** 32 + view.getUint32(start, true);
        writeDecimal(Number.isSafeInteger(value) ? value : view.getBigInt64(start, true), scale, sink);
      };
    default:
      return ({ bytes }, start, length, sink) => writeDecimal(unscaledOf(bytes, start, length), scale, sink);
  }
}

/** A time's count: 64 bits are always within 2^53 unless the value is nonsense. */
function countOf(view: DataView, start: number, physical: ParquetType): number {
  if (physical === 'INT32') return view.getInt32(start, true);
  const count = view.getInt32(start + 4, true) * 2 ** 32 + view.getUint32(start, true);
  if (!Number.isSafeInteger(count)) throw invalid(`a time of day of ${view.getBigInt64(start, true)}`);
  return count;
}

function stringText(form: LeafForm): WriteValue {
  if (form === 'json') {
    return ({ bytes }, start, length, sink) => {
      examineText(bytes, start, length);
      writeJsonString(bytes, start, length, sink);
    };
  }
  return ({ bytes }, start, length, sink) => {
    examineText(bytes, start, length);
    sink.append(bytes, start, start + length);
  };
}

function bytesText(form: LeafForm): WriteValue {
  if (form !== 'json') return ({ bytes }, start, length, sink) => writeHex(bytes, start, length, sink);
  return ({ bytes }, start, length, sink) => {
    // the backslash of \x, escaped as JSON wants it
    sink.ascii('"\\');
    writeHex(bytes, start, length, sink);
    sink.byte(34);
  };
}
