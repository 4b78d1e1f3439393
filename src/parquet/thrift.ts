import { invalid } from './problems.ts';

/** Wire types of Thrift's compact protocol, as far as parquet uses them. */
const wire = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
} as const;

/** Deeper than any structure of parquet.thrift. */
const maxDepth = 24;

const maxVarintBytes = 10;

/** Bytes that end too early: with more of them the read may succeed. */
export class ThriftTruncated extends RangeError {
  constructor() {
    super('a thrift structure ends too early');
    this.name = 'ThriftTruncated';
  }
}

/** A bounded reader of Thrift's compact protocol: no recursion, length or count beyond what the bytes can hold. */
export class ThriftReader {
  readonly #bytes: Uint8Array;
  readonly #maxValues: number;
  #valueCount = 0;
  position: number;

  constructor(bytes: Uint8Array, position = 0, maxValues = 100_000) {
    this.#bytes = bytes;
    this.position = position;
    this.#maxValues = maxValues;
  }

  /**
   * Reads one struct. `onField` gets each field's id and reads its value with one of the methods below, answering true, or
   * answers false to have it skipped.
   */
  struct(onField: (id: number, type: number) => boolean, depth = 0): void {
    if (depth > maxDepth) throw invalid('thrift structures are nested too deeply');
    let id = 0;
    for (;;) {
      const head = this.#byte();
      const type = head & 0x0f;
      if (type === wire.stop) return;
      id = head >> 4 === 0 ? this.int() : id + (head >> 4);
      if (!onField(id, type)) this.#skip(type, depth + 1);
    }
  }

  /** A zigzag integer of up to 32 bits. */
  int(): number {
    const raw = this.#varint();
    return (raw >>> 1) ^ -(raw & 1);
  }

  /** The value of a boolean field is its type. */
  static isTrue(type: number): boolean {
    return type === wire.true;
  }

  #skip(type: number, depth: number): void {
    if (++this.#valueCount > this.#maxValues) throw invalid(`more than ${this.#maxValues} thrift values`);
    switch (type) {
      case wire.true:
      case wire.false:
        return;
      case wire.byte:
        this.#advance(1);
        return;
      case wire.i16:
      case wire.i32:
      case wire.i64:
        this.#varint();
        return;
      case wire.double:
        this.#advance(8);
        return;
      case wire.binary:
        this.#advance(this.#varint());
        return;
      case wire.list:
      case wire.set:
        this.#skipList(depth);
        return;
      case wire.struct:
        this.struct(() => false, depth);
        return;
      default:
        throw invalid(`unknown thrift type ${type}`);
    }
  }

  #skipList(depth: number): void {
    if (depth > maxDepth) throw invalid('thrift lists are nested too deeply');
    const head = this.#byte();
    const type = head & 0x0f;
    const size = head >> 4 === 15 ? this.#varint() : head >> 4;
    if (size > this.#bytes.length - this.position) throw new ThriftTruncated();
    const isBoolean = type === wire.true || type === wire.false;
    for (let i = 0; i < size; i++) this.#skip(isBoolean ? wire.byte : type, depth + 1);
  }

  #byte(): number {
    const value = this.#bytes[this.position];
    if (value === undefined) throw new ThriftTruncated();
    this.position++;
    return value;
  }

  #advance(count: number): void {
    if (count > this.#bytes.length - this.position) throw new ThriftTruncated();
    this.position += count;
  }

  /** The low 32 bits, unsigned. */
  #varint(): number {
    let value = 0;
    for (let i = 0; i < maxVarintBytes; i++) {
      const byte = this.#byte();
      if (i < 5) value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) return value >>> 0;
    }
    throw invalid('a thrift integer has more than ten bytes');
  }
}
