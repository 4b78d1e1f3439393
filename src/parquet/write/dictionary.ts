import { ByteSink } from './byte-sink.ts';
import { bitsFor, writeHybrid } from './hybrid.ts';
import { maxDictionaryEntries, trialDictionaryEntries } from './limits.ts';
import type { ValueEncoding } from './value-encoding.ts';

/** Power of two, twice the entries at least, so that a probe is short. */
const slots = maxDictionaryEntries * 2;

/** Slot to entry + 1. One for the thread: a dictionary is made in one go. */
const entryOfSlot = new Int32Array(slots);

/** What a dictionary is made of; values are meant by their index, entries by theirs. */
export interface Distinct {
  readonly count: number;
  hash(value: number): number;
  /** Whether the value is the entry. */
  equals(value: number, entry: number): boolean;
  /** Makes the value the next entry; false when there is no room for it. */
  add(value: number): boolean;
}

/**
 * The index of every value's entry, or undefined where a dictionary would be too large, or would hold nearly every value.
 */
export function distinctIndexes(values: Distinct, indexes: Int32Array): number | undefined {
  entryOfSlot.fill(0);
  let entries = 0;
  for (let i = 0; i < values.count; i++) {
    let slot = values.hash(i) & (slots - 1);
    for (;;) {
      const entry = (entryOfSlot[slot] as number) - 1;
      if (entry < 0) break;
      if (values.equals(i, entry)) break;
      slot = (slot + 1) & (slots - 1);
    }
    const found = (entryOfSlot[slot] as number) - 1;
    if (found >= 0) {
      indexes[i] = found;
      continue;
    }
    const isTooMany = entries >= trialDictionaryEntries && entries * 2 > i;
    if (isTooMany || entries === maxDictionaryEntries || !values.add(i)) return undefined;
    indexes[i] = entries;
    entryOfSlot[slot] = ++entries;
  }
  return entries;
}

/** RLE_DICTIONARY: the indexes' width in one byte, then the indexes. */
export function dictionaryEncoding(
  indexes: Int32Array,
  count: number,
  dictionary: { readonly valueCount: number; readonly bytes: Uint8Array },
): ValueEncoding {
  const sink = new ByteSink();
  const width = bitsFor(dictionary.valueCount - 1);
  sink.byte(width);
  writeHybrid({ values: indexes, from: 0, to: count, width }, sink);
  return { encoding: 'RLE_DICTIONARY', dictionary, pages: [{ valueCount: count, bytes: sink.view() }] };
}
