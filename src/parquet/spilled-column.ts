import { type Cells, type ColumnReader, nullLength } from './column-reader.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { TextSink } from './text-sink.ts';

export interface SpilledColumnOptions {
  readonly own: ColumnReader;
  readonly texts: ColumnReader;
  readonly maxRows: number;
  readonly budget: MemoryBudget;
}

/** A column of a part together with the texts of those of its values that its type could not hold, where it is null. */
export class SpilledColumn implements ColumnReader {
  readonly #own: ColumnReader;
  readonly #texts: ColumnReader;
  readonly #sink: TextSink;
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;

  constructor({ own, texts, maxRows, budget }: SpilledColumnOptions) {
    this.#own = own;
    this.#texts = texts;
    this.#sink = new TextSink(budget);
    this.#starts = new Int32Array(maxRows);
    this.#lengths = new Int32Array(maxRows);
  }

  get isAtEnd(): boolean {
    return this.#own.isAtEnd && this.#texts.isAtEnd;
  }

  ready(max: number): number {
    return this.#texts.ready(this.#own.ready(max));
  }

  async load(): Promise<void> {
    await this.#own.load();
    await this.#texts.load();
  }

  fill(count: number): Cells {
    const own = this.#own.fill(count);
    const texts = this.#texts.fill(count);
    if (!hasAny(texts, count)) return own;
    const sink = this.#sink;
    sink.reset();
    for (let i = 0; i < count; i++) {
      const cells = (texts.lengths[i] as number) === nullLength ? own : texts;
      const length = cells.lengths[i] as number;
      const start = cells.starts[i] as number;
      this.#starts[i] = sink.length;
      this.#lengths[i] = length;
      if (length > 0) sink.append(cells.bytes, start, start + length);
    }
    return { bytes: sink.bytes, starts: this.#starts, lengths: this.#lengths };
  }

  close(): void {
    this.#own.close();
    this.#texts.close();
    this.#sink.free();
  }
}

function hasAny({ lengths }: Cells, count: number): boolean {
  for (let i = 0; i < count; i++) if (lengths[i] !== nullLength) return true;
  return false;
}
