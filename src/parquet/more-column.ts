import { type Cells, type ColumnReader, nullLength } from './column-reader.ts';
import { writeCopyEscaped, writeJsonString } from './escape.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { TextSink } from './text-sink.ts';

export interface SurplusColumn {
  /** Key in the JSON object. */
  readonly key: string;
  /** Gives raw text. */
  readonly reader: ColumnReader;
}

/** The columns that a table has no room for, as one JSON object a row: name to exact text, nulls left out. */
export class MoreColumn implements ColumnReader {
  readonly #readers: readonly ColumnReader[];
  readonly #keys: readonly Buffer[];
  readonly #json: TextSink;
  readonly #escaped: TextSink;
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;

  constructor(columns: readonly SurplusColumn[], options: { readonly maxRows: number; readonly budget: MemoryBudget }) {
    this.#readers = columns.map(({ reader }) => reader);
    this.#keys = columns.map(({ key }) => Buffer.from(JSON.stringify(key)));
    this.#json = new TextSink(options.budget);
    this.#escaped = new TextSink(options.budget);
    this.#starts = new Int32Array(options.maxRows);
    this.#lengths = new Int32Array(options.maxRows);
  }

  get isAtEnd(): boolean {
    return this.#readers.every((reader) => reader.isAtEnd);
  }

  ready(max: number): number {
    let rows = max;
    for (const reader of this.#readers) rows = Math.min(rows, reader.ready(rows));
    return rows;
  }

  async load(): Promise<void> {
    for (const reader of this.#readers) if (reader.ready(1) === 0) await reader.load();
  }

  fill(count: number): Cells {
    const cells = this.#readers.map((reader) => reader.fill(count));
    const sink = this.#escaped;
    sink.reset();
    for (let row = 0; row < count; row++) {
      this.#writeRow(cells, row);
      this.#starts[row] = sink.length;
      writeCopyEscaped(this.#json.bytes, 0, this.#json.length, sink);
      this.#lengths[row] = sink.length - (this.#starts[row] as number);
    }
    return { bytes: sink.bytes, starts: this.#starts, lengths: this.#lengths };
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
    this.#json.free();
    this.#escaped.free();
  }

  #writeRow(columns: readonly Cells[], row: number): void {
    const json = this.#json;
    json.reset();
    json.byte(123);
    for (const [i, { bytes, starts, lengths }] of columns.entries()) {
      const length = lengths[row] as number;
      if (length === nullLength) continue;
      if (json.length > 1) json.byte(44);
      const key = this.#keys[i] as Buffer;
      json.append(key, 0, key.length);
      json.byte(58);
      writeJsonString(bytes, starts[row] as number, length, json);
    }
    json.byte(125);
  }
}
