import { nullLength } from './column-reader.ts';
import { leafText } from './leaf-text.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { PageReader } from './page-reader.ts';
import { invalid, ValueProblem } from './problems.ts';
import type { RleDecoder } from './rle.ts';
import type { Leaf } from './schema.ts';
import { TextSink } from './text-sink.ts';
import { ValueReader } from './value-reader.ts';

/** Entries decoded at once: enough to make a call worth it, few enough to stay small. */
const sliceEntries = 512;

/** What an entry takes in the arrays. */
const entryBytes = 10;

export interface LeafStreamOptions {
  readonly leaf: Leaf;
  readonly pages: PageReader;
  readonly budget: MemoryBudget;
}

/**
 * One leaf of a nested column as a queue of entries: levels, and the JSON text of the value where there is one. The queue
 * holds the rows that are whole and the beginning of the next, because only the next row's first entry ends a row.
 */
export class LeafStream {
  readonly leaf: Leaf;
  readonly #pages: PageReader;
  readonly #values: ValueReader;
  readonly #sink: TextSink;
  readonly #budget: MemoryBudget;
  #repetitionLevels: RleDecoder | undefined;
  #definitionLevels: RleDecoder | undefined;
  #pageEntries = 0;
  #rowsBegun = 0;
  #capacity = 0;

  /** The entries at hand are `[head, tail)` of the four arrays. */
  head = 0;
  tail = 0;
  repetitions = new Uint8Array(0);
  definitions = new Uint8Array(0);
  starts = new Int32Array(0);
  lengths = new Int32Array(0);

  constructor({ leaf, pages, budget }: LeafStreamOptions) {
    this.leaf = leaf;
    this.#pages = pages;
    this.#budget = budget;
    this.#values = new ValueReader({ leaf, pages, write: leafText(leaf, 'json'), budget });
    this.#sink = new TextSink(budget);
  }

  /** What `starts` and `lengths` refer to. */
  get bytes(): Uint8Array {
    return this.#sink.bytes;
  }

  get isAtEnd(): boolean {
    return this.#isRead && this.head === this.tail;
  }

  get completeRows(): number {
    return this.#isRead || this.leaf.depth === 0 ? this.#rowsBegun : Math.max(0, this.#rowsBegun - 1);
  }

  get #isRead(): boolean {
    return this.#pageEntries === 0 && this.#pages.isAtEnd;
  }

  /** Decodes on within the page at hand until `rows` rows are whole. */
  pump(rows: number): void {
    while (this.completeRows < rows && this.#pageEntries > 0) this.#decode(Math.min(sliceEntries, this.#pageEntries));
  }

  async load(): Promise<void> {
    while (this.completeRows === 0 && !this.#isRead) {
      if (this.#pageEntries === 0) {
        const page = await this.#values.nextPage();
        this.#repetitionLevels = page.repetitions;
        this.#definitionLevels = page.definitions;
        this.#pageEntries = page.valueCount;
      }
      this.pump(1);
    }
  }

  /** Tells that `rows` rows were taken from the head. */
  taken(rows: number): void {
    this.#rowsBegun -= rows;
    this.#compact();
  }

  close(): void {
    this.#values.close();
    this.#sink.free();
    this.#budget.release(this.#capacity * entryBytes);
    this.#capacity = 0;
  }

  #decode(count: number): void {
    this.#reserve(count);
    const at = this.tail;
    if (this.#repetitionLevels === undefined) this.repetitions.fill(0, at, at + count);
    else this.#repetitionLevels.read(this.repetitions, at, count);
    if (this.#definitionLevels === undefined) this.definitions.fill(this.leaf.definition, at, at + count);
    else this.#definitionLevels.read(this.definitions, at, count);
    if (this.head === at && this.#rowsBegun === 0 && this.repetitions[at] !== 0) {
      throw invalid(`column ${this.leaf.path} begins within a row`);
    }
    for (let i = at; i < at + count; i++) if (this.repetitions[i] === 0) this.#rowsBegun++;
    this.#readValues(at, count);
    this.tail = at + count;
    this.#pageEntries -= count;
  }

  #readValues(at: number, count: number): void {
    let present = 0;
    for (let i = at; i < at + count; i++) if (this.definitions[i] === this.leaf.definition) present++;
    if (present > 0) this.#readPresent(at, present);
    for (let to = at + count - 1, from = at + present - 1; to >= at; to--) {
      if (this.definitions[to] === this.leaf.definition) {
        this.starts[to] = this.starts[from] as number;
        this.lengths[to] = this.lengths[from] as number;
        from--;
      } else {
        this.starts[to] = 0;
        this.lengths[to] = nullLength;
      }
    }
  }

  #readPresent(at: number, count: number): void {
    const { dictionary } = this.#values;
    if (dictionary === undefined) {
      this.#values.readPlain(this, at, count, this.#sink);
      return;
    }
    this.#values.readIndexed(this.starts, this.lengths, at, count);
    for (let i = at; i < at + count; i++) {
      const length = this.lengths[i] as number;
      if (length < 0) throw this.#values.problemOf(length) ?? new ValueProblem('invalid', 'an unreadable value');
      const start = this.starts[i] as number;
      this.starts[i] = this.#sink.length;
      this.#sink.append(dictionary.bytes, start, start + length);
    }
  }

  #reserve(count: number): void {
    const needed = this.tail + count;
    if (needed <= this.#capacity) return;
    const capacity = Math.max(needed, this.#capacity * 2, sliceEntries);
    this.#budget.reserve((capacity - this.#capacity) * entryBytes, 'the levels of a nested column');
    this.repetitions = grown(this.repetitions, new Uint8Array(capacity));
    this.definitions = grown(this.definitions, new Uint8Array(capacity));
    this.starts = grown(this.starts, new Int32Array(capacity));
    this.lengths = grown(this.lengths, new Int32Array(capacity));
    this.#capacity = capacity;
  }

  /** Moves what is left to the front, texts too. */
  #compact(): void {
    const { head, tail } = this;
    if (head === 0) return;
    let textStart = this.#sink.length;
    for (let i = head; i < tail; i++) {
      if ((this.lengths[i] as number) < 0) continue;
      textStart = this.starts[i] as number;
      break;
    }
    this.#sink.dropFront(textStart);
    this.repetitions.copyWithin(0, head, tail);
    this.definitions.copyWithin(0, head, tail);
    this.lengths.copyWithin(0, head, tail);
    for (let i = head; i < tail; i++) this.starts[i - head] = (this.starts[i] as number) - textStart;
    this.head = 0;
    this.tail = tail - head;
  }
}

function grown<Numbers extends Uint8Array | Int32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
