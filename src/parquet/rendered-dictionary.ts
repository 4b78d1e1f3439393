import { type WriteValue, widthOf } from './leaf-text.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { DictionaryPage } from './page-reader.ts';
import { invalid, ValueProblem } from './problems.ts';
import type { Leaf } from './schema.ts';
import type { TextSink } from './text-sink.ts';

/**
 * A chunk's dictionary with every entry's text made once, however many rows use it. An entry that can't be rendered matters
 * only where a row uses it: its length is then `firstProblem - k` for problem k.
 */
export interface RenderedDictionary {
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  readonly problems: readonly ValueProblem[];
}

export const firstProblem = -2;

export interface DictionaryOptions {
  readonly leaf: Leaf;
  readonly write: WriteValue;
  /** Emptied first; holds the texts from then on. */
  readonly sink: TextSink;
  readonly budget: MemoryBudget;
}

/** Bytes that the arrays take an entry. */
const entryBytes = 8;

export function dictionaryCost(size: number): number {
  return size * entryBytes;
}

export function renderDictionary(
  page: DictionaryPage,
  { leaf, write, sink, budget }: DictionaryOptions,
): RenderedDictionary {
  const size = page.valueCount;
  budget.reserve(dictionaryCost(size), 'a dictionary');
  const starts = new Int32Array(size);
  const lengths = new Int32Array(size);
  const problems: ValueProblem[] = [];
  const width = widthOf(leaf);
  const { bytes, view } = page.from;
  sink.reset();
  let position = 0;
  for (let i = 0; i < size; i++) {
    let length = width;
    if (length === undefined) {
      length = view.getUint32(position, true);
      position += 4;
    }
    if (position + length > bytes.length) throw invalid(`the dictionary of column ${leaf.path} ends too early`);
    const start = sink.length;
    try {
      write(page.from, position, length, sink);
      lengths[i] = sink.length - start;
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error;
      sink.length = start;
      lengths[i] = firstProblem - problems.length;
      problems.push(error);
    }
    starts[i] = start;
    position += length;
  }
  return { size, bytes: sink.bytes, starts, lengths, problems };
}

/** The two values of a boolean column, whose pages have no dictionary of their own. */
export function booleanDictionary(write: WriteValue, sink: TextSink): RenderedDictionary {
  const bytes = Uint8Array.of(0, 1);
  const from = { bytes, view: new DataView(bytes.buffer) };
  write(from, 0, 1, sink);
  const split = sink.length;
  write(from, 1, 1, sink);
  return {
    size: 2,
    bytes: sink.bytes,
    starts: Int32Array.of(0, split),
    lengths: Int32Array.of(split, sink.length - split),
    problems: [],
  };
}
