import { type Cells, type ColumnForm, type ColumnReader, nullLength } from './column-reader.ts';
import { examineText, marks, writeCopyEscaped } from './escape.ts';
import { leafText, type WriteValue } from './leaf-text.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { PageReader } from './page-reader.ts';
import { ValueProblem } from './problems.ts';
import type { RleDecoder } from './rle.ts';
import type { Leaf } from './schema.ts';
import { TextSink } from './text-sink.ts';
import { atRow } from './value-error.ts';
import { ValueReader } from './value-reader.ts';

export interface FlatColumnOptions {
  readonly leaf: Leaf;
  readonly pages: PageReader;
  readonly form: ColumnForm;
  readonly budget: MemoryBudget;
}

/**
 * A top-level column with one value a row. Its texts are referred to where they lie: in the rendered dictionary, in the page
 * itself (text that needs no escape), or in the batch's sink.
 */
export class FlatColumn implements ColumnReader {
  readonly #leaf: Leaf;
  readonly #pages: PageReader;
  readonly #form: ColumnForm;
  readonly #values: ValueReader;
  readonly #sink: TextSink;
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;
  readonly #levels: Uint8Array;
  #definitions: RleDecoder | undefined;
  #pageRows = 0;
  #row: number;

  constructor({ leaf, pages, form, budget }: FlatColumnOptions) {
    this.#leaf = leaf;
    this.#pages = pages;
    this.#form = form;
    this.#row = form.firstRow;
    this.#values = new ValueReader({ leaf, pages, write: copyText(leaf, form), budget });
    this.#sink = new TextSink(budget);
    this.#starts = new Int32Array(form.maxRows);
    this.#lengths = new Int32Array(form.maxRows);
    this.#levels = new Uint8Array(leaf.definition > 0 ? form.maxRows : 0);
  }

  get isAtEnd(): boolean {
    return this.#pageRows === 0 && this.#pages.isAtEnd;
  }

  ready(max: number): number {
    return Math.min(max, this.#pageRows);
  }

  async load(): Promise<void> {
    while (this.#pageRows === 0 && !this.#pages.isAtEnd) {
      const page = await this.#values.nextPage();
      this.#definitions = page.definitions;
      this.#pageRows = page.valueCount;
    }
  }

  fill(count: number): Cells {
    this.#sink.reset();
    try {
      this.#fillValues(count);
      const bytes = this.#finish(count);
      this.#pageRows -= count;
      this.#row += count;
      return { bytes, starts: this.#starts, lengths: this.#lengths };
    } catch (error) {
      const offset = error instanceof ValueProblem ? error.valueIndex : 0;
      throw atRow(error, this.#form, this.#row + offset);
    }
  }

  close(): void {
    this.#values.close();
    this.#sink.free();
  }

  #fillValues(count: number): void {
    const definitions = this.#definitions;
    if (definitions === undefined) {
      this.#read(0, count);
      return;
    }
    for (let at = 0; at < count; ) {
      const run = definitions.takeRun(count - at);
      if (run === 0) {
        this.#readMixed(at, count - at, definitions);
        return;
      }
      if (definitions.runValue === this.#leaf.definition) this.#read(at, run);
      else this.#lengths.fill(nullLength, at, at + run);
      at += run;
    }
  }

  /** Reads the values side by side, then moves each to its row, from the last to the first. */
  #readMixed(at: number, count: number, definitions: RleDecoder): void {
    const levels = this.#levels;
    definitions.read(levels, 0, count);
    let present = 0;
    for (let i = 0; i < count; i++) present += levels[i] as number;
    if (present === 0) {
      this.#lengths.fill(nullLength, at, at + count);
      return;
    }
    try {
      this.#read(at, present);
    } catch (error) {
      if (error instanceof ValueProblem) error.valueIndex = at + rowOfValue(levels, error.valueIndex - at);
      throw error;
    }
    if (present === count) return;
    const starts = this.#starts;
    const lengths = this.#lengths;
    for (let to = at + count - 1, from = at + present - 1; to >= at; to--) {
      if (levels[to - at] === 0) {
        lengths[to] = nullLength;
      } else {
        starts[to] = starts[from] as number;
        lengths[to] = lengths[from] as number;
        from--;
      }
    }
  }

  #read(at: number, count: number): void {
    if (this.#values.dictionary !== undefined) this.#values.readIndexed(this.#starts, this.#lengths, at, count);
    else if (this.#leaf.type.kind === 'text') this.#values.locatePlain(this.#starts, this.#lengths, at, count);
    else this.#values.readPlain({ starts: this.#starts, lengths: this.#lengths }, at, count, this.#sink);
  }

  /** What the texts refer to, once values that can't be written are refused and text that lies in its page is checked. */
  #finish(count: number): Uint8Array {
    const { dictionary, plainBytes } = this.#values;
    if (dictionary !== undefined) {
      if (dictionary.problems.length > 0) this.#refuseProblems(count);
      return dictionary.bytes;
    }
    if (this.#leaf.type.kind !== 'text' || plainBytes === undefined) return this.#sink.bytes;
    return this.#examine(plainBytes, count) && this.#form.isEscaped ? this.#escape(plainBytes, count) : plainBytes;
  }

  #refuseProblems(count: number): void {
    for (let i = 0; i < count; i++) {
      const length = this.#lengths[i] as number;
      if (length >= nullLength) continue;
      const problem = this.#values.problemOf(length);
      if (problem === undefined) continue;
      problem.valueIndex = i;
      throw problem;
    }
  }

  /** Whether any text needs an escape. */
  #examine(bytes: Uint8Array, count: number): boolean {
    let found = 0;
    for (let i = 0; i < count; i++) {
      const length = this.#lengths[i] as number;
      if (length <= 0) continue;
      try {
        found |= examineText(bytes, this.#starts[i] as number, length);
      } catch (error) {
        if (error instanceof ValueProblem) error.valueIndex = i;
        throw error;
      }
    }
    return (found & marks.escape) !== 0;
  }

  #escape(bytes: Uint8Array, count: number): Uint8Array {
    const sink = this.#sink;
    for (let i = 0; i < count; i++) {
      const length = this.#lengths[i] as number;
      if (length < 0) continue;
      const start = sink.length;
      writeCopyEscaped(bytes, this.#starts[i] as number, length, sink);
      this.#starts[i] = start;
      this.#lengths[i] = sink.length - start;
    }
    return sink.bytes;
  }
}

/** The row, within a batch, of its nth value that is there. */
function rowOfValue(levels: Uint8Array, valueIndex: number): number {
  let values = -1;
  for (let row = 0; row < levels.length; row++) {
    if (levels[row] !== 0) values++;
    if (values === valueIndex) return row;
  }
  return 0;
}

/** A leaf's text as the column wants it: bytea and text hold what COPY escapes, nothing else does. */
function copyText(leaf: Leaf, form: ColumnForm): WriteValue {
  const write = leafText(leaf, form.asText ? 'text' : form.isPrinted ? 'printed' : 'typed');
  if (!form.isEscaped) return write;
  switch (leaf.type.kind) {
    case 'text':
      return ({ bytes }, start, length, sink) => {
        const found = examineText(bytes, start, length);
        if ((found & marks.escape) === 0) sink.append(bytes, start, start + length);
        else writeCopyEscaped(bytes, start, length, sink);
      };
    case 'bytes':
      return (from, start, length, sink) => {
        sink.byte(92);
        write(from, start, length, sink);
      };
    default:
      return write;
  }
}
