import { compareUtf8 } from './utf8-order.ts';

/** A set of keys in UTF-8 order. Adding in order costs nothing; otherwise one sort before the next look. */
export class SortedKeys {
  #keys: string[] = [];
  #isSorted = true;

  /** The key must not be in the set yet. */
  add(key: string): void {
    const last = this.#keys.at(-1);
    if (last !== undefined && this.#isSorted && compareUtf8(last, key) > 0) this.#isSorted = false;
    this.#keys.push(key);
  }

  delete(key: string): void {
    const at = this.firstIndex((candidate) => compareUtf8(candidate, key) >= 0);
    if (this.#keys[at] === key) this.#keys.splice(at, 1);
  }

  /** Index of the first key for which `reached` is true; it must be false for all before and true for all after. */
  firstIndex(reached: (key: string) => boolean): number {
    const keys = this.sorted();
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (reached(keys[middle] ?? '')) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  sorted(): readonly string[] {
    if (!this.#isSorted) {
      this.#keys.sort(compareUtf8);
      this.#isSorted = true;
    }
    return this.#keys;
  }
}
