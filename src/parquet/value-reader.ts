import type { ValueBytes, WriteValue } from './leaf-text.ts';
import { widthOf } from './leaf-text.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { DataPage, PageReader } from './page-reader.ts';
import { invalid, ValueProblem } from './problems.ts';
import {
  booleanDictionary,
  dictionaryCost,
  firstProblem,
  type RenderedDictionary,
  renderDictionary,
} from './rendered-dictionary.ts';
import type { RleDecoder } from './rle.ts';
import type { Leaf } from './schema.ts';
import { TextSink } from './text-sink.ts';

export interface ValueReaderOptions {
  readonly leaf: Leaf;
  readonly pages: PageReader;
  readonly write: WriteValue;
  readonly budget: MemoryBudget;
}

/** The non-null values of one column chunk: follows its pages and keeps its dictionary. */
export class ValueReader {
  readonly #options: ValueReaderOptions;
  readonly #width: number | undefined;
  readonly #dictionarySink: TextSink;
  #dictionary: RenderedDictionary | undefined;
  #dictionaryCost = 0;
  #indexes: RleDecoder | undefined;
  #from: ValueBytes | undefined;
  #position = 0;

  constructor(options: ValueReaderOptions) {
    this.#options = options;
    this.#width = widthOf(options.leaf);
    this.#dictionarySink = new TextSink(options.budget);
    if (options.leaf.physical === 'BOOLEAN') {
      this.#dictionary = booleanDictionary(options.write, this.#dictionarySink);
    }
  }

  /** The next data page, whose values come next; a dictionary on the way is rendered. */
  async nextPage(): Promise<DataPage> {
    const { pages, leaf, write, budget } = this.#options;
    for (;;) {
      const page = await pages.next();
      if (page.kind === 'dictionary') {
        this.#dictionary = renderDictionary(page, { leaf, write, sink: this.#dictionarySink, budget });
        this.#dictionaryCost = dictionaryCost(page.valueCount);
        pages.dropDictionary();
        continue;
      }
      this.#indexes = page.values.kind === 'indexed' ? page.values.indexes : undefined;
      this.#from = page.values.kind === 'plain' ? page.values.from : undefined;
      this.#position = page.values.kind === 'plain' ? page.values.start : 0;
      if (this.#indexes !== undefined && this.#dictionary === undefined) {
        throw invalid(`column ${leaf.path} has indexes without a dictionary`);
      }
      return page;
    }
  }

  /** Where values that are indexes have their text; undefined for a page in PLAIN. */
  get dictionary(): RenderedDictionary | undefined {
    return this.#indexes === undefined ? undefined : this.#dictionary;
  }

  /** The bytes of a page in PLAIN. */
  get plainBytes(): Uint8Array | undefined {
    return this.#from?.bytes;
  }

  /** The next `count` values of an indexed page: the places of their texts in the dictionary. */
  readIndexed(starts: Int32Array, lengths: Int32Array, at: number, count: number): void {
    const dictionary = this.#dictionary;
    const indexes = this.#indexes;
    if (dictionary === undefined || indexes === undefined) throw invalid('a page has no dictionary');
    const { size, starts: textStarts, lengths: textLengths } = dictionary;
    const end = at + count;
    for (let i = at; i < end; ) {
      const run = indexes.takeRun(end - i);
      if (run > 0) {
        const index = indexes.runValue;
        if (index < 0 || index >= size) throw this.#outside(index, size);
        starts.fill(textStarts[index] as number, i, i + run);
        lengths.fill(textLengths[index] as number, i, i + run);
        i += run;
        continue;
      }
      indexes.read(starts, i, end - i);
      for (; i < end; i++) {
        const index = starts[i] as number;
        if (index < 0 || index >= size) throw this.#outside(index, size);
        starts[i] = textStarts[index] as number;
        lengths[i] = textLengths[index] as number;
      }
    }
  }

  /** The next `count` values of a plain page, each rendered into `sink`. Throws ValueProblem at the value it is about. */
  readPlain(
    cells: { readonly starts: Int32Array; readonly lengths: Int32Array },
    at: number,
    count: number,
    sink: TextSink,
  ): void {
    const from = this.#plain();
    const { write } = this.#options;
    for (let i = at, end = at + count; i < end; i++) {
      const length = this.#nextLength(from);
      const start = sink.length;
      try {
        write(from, this.#position, length, sink);
      } catch (error) {
        if (error instanceof ValueProblem) error.valueIndex = i;
        throw error;
      }
      cells.starts[i] = start;
      cells.lengths[i] = sink.length - start;
      this.#position += length;
    }
  }

  /** The next `count` values of a plain page where they lie, not rendered. */
  locatePlain(starts: Int32Array, lengths: Int32Array, at: number, count: number): void {
    const { bytes, view } = this.#plain();
    const pageBytes = bytes.length;
    let position = this.#position;
    for (let i = at, end = at + count; i < end; i++) {
      if (position + 4 > pageBytes) throw this.#endsEarly();
      const length = view.getUint32(position, true);
      position += 4;
      if (length > pageBytes - position) throw this.#endsEarly();
      starts[i] = position;
      lengths[i] = length;
      position += length;
    }
    this.#position = position;
  }

  close(): void {
    const { pages, budget } = this.#options;
    pages.close();
    this.#dictionarySink.free();
    budget.release(this.#dictionaryCost);
    this.#dictionaryCost = 0;
  }

  /** The problem behind a length that is none. */
  problemOf(length: number): ValueProblem | undefined {
    return this.#dictionary?.problems[firstProblem - length];
  }

  #plain(): ValueBytes {
    if (this.#from === undefined) throw invalid('a page has no values');
    return this.#from;
  }

  #nextLength({ bytes, view }: ValueBytes): number {
    let length = this.#width;
    if (length === undefined) {
      if (this.#position + 4 > bytes.length) throw this.#endsEarly();
      length = view.getUint32(this.#position, true);
      this.#position += 4;
    }
    if (length > bytes.length - this.#position) throw this.#endsEarly();
    return length;
  }

  #endsEarly(): Error {
    return invalid(`a page of column ${this.#options.leaf.path} holds fewer values than it claims`);
  }

  #outside(index: number, size: number): Error {
    return invalid(`column ${this.#options.leaf.path} has index ${index} into a dictionary of ${size}`);
  }
}
