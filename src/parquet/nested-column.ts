import { type Cells, type ColumnForm, type ColumnReader, nullLength } from './column-reader.ts';
import { writeCopyEscaped } from './escape.ts';
import { JsonWriter } from './json-writer.ts';
import { LeafStream } from './leaf-stream.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { PageReader } from './page-reader.ts';
import type { Leaf, Node } from './schema.ts';
import { TextSink } from './text-sink.ts';
import { atRow } from './value-error.ts';

const backslash = 92;

export interface NestedColumnOptions {
  readonly column: Node;
  readonly form: ColumnForm;
  readonly budget: MemoryBudget;
  readonly leaves: readonly { readonly leaf: Leaf; readonly pages: PageReader }[];
}

/** A column of lists, maps or structs: one JSON text a row. */
export class NestedColumn implements ColumnReader {
  readonly #form: ColumnForm;
  readonly #streams: readonly LeafStream[];
  readonly #writer: JsonWriter;
  readonly #json: TextSink;
  readonly #escaped: TextSink;
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;
  #row: number;

  constructor({ column, form, budget, leaves }: NestedColumnOptions) {
    this.#form = form;
    this.#row = form.firstRow;
    this.#streams = leaves.map(({ leaf, pages }) => new LeafStream({ leaf, pages, budget }));
    this.#json = new TextSink(budget);
    this.#escaped = new TextSink(budget);
    this.#writer = new JsonWriter(column, this.#streams, this.#json);
    this.#starts = new Int32Array(form.maxRows);
    this.#lengths = new Int32Array(form.maxRows);
  }

  get isAtEnd(): boolean {
    return this.#streams.every((stream) => stream.isAtEnd);
  }

  ready(max: number): number {
    let rows = max;
    try {
      for (const stream of this.#streams) {
        stream.pump(max);
        rows = Math.min(rows, stream.completeRows);
      }
    } catch (error) {
      throw atRow(error, this.#form, this.#row);
    }
    return rows;
  }

  async load(): Promise<void> {
    try {
      for (const stream of this.#streams) await stream.load();
    } catch (error) {
      throw atRow(error, this.#form, this.#row);
    }
  }

  fill(count: number): Cells {
    const json = this.#json;
    json.reset();
    for (let i = 0; i < count; i++) {
      const start = json.length;
      this.#starts[i] = start;
      this.#lengths[i] = this.#writer.writeRow() ? json.length - start : nullLength;
    }
    for (const stream of this.#streams) stream.taken(count);
    this.#row += count;
    const needsEscape = this.#form.isEscaped && json.bytes.subarray(0, json.length).includes(backslash);
    return { bytes: needsEscape ? this.#escape(count) : json.bytes, starts: this.#starts, lengths: this.#lengths };
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
    this.#json.free();
    this.#escaped.free();
  }

  #escape(count: number): Uint8Array {
    const sink = this.#escaped;
    sink.reset();
    for (let i = 0; i < count; i++) {
      const length = this.#lengths[i] as number;
      if (length < 0) continue;
      const start = sink.length;
      writeCopyEscaped(this.#json.bytes, this.#starts[i] as number, length, sink);
      this.#starts[i] = start;
      this.#lengths[i] = sink.length - start;
    }
    return sink.bytes;
  }
}
