import type { MemoryBudget } from './memory-budget.ts';
import { expandsTooMuch } from './problems.ts';

const firstBytes = 1024;

/** A buffer of text that grows, within the budget, and is reset rather than thrown away. */
export class TextSink {
  readonly #budget: MemoryBudget;
  /** Valid up to `length`; replaced when it grows. */
  bytes: Uint8Array = new Uint8Array(0);
  length = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  reset(): void {
    this.length = 0;
  }

  /** Room for `count` more bytes. */
  ensure(count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(count);
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.#grow(1);
    this.bytes[this.length++] = value;
  }

  /** Characters below 128 only. */
  ascii(text: string): void {
    this.ensure(text.length);
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  append(from: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.ensure(count);
    if (count > 48) this.bytes.set(from.subarray(start, end), this.length);
    else for (let i = start, at = this.length; i < end; i++) this.bytes[at++] = from[i] as number;
    this.length += count;
  }

  /** A whole number from 0 to 2^53 - 1, padded with zeros to `width` digits. */
  digits(value: number, width = 1): void {
    let count = 1;
    for (let bound = 10; bound <= value; bound *= 10) count++;
    if (count < width) count = width;
    this.ensure(count);
    const { bytes } = this;
    let rest = value;
    let at = this.length + count - 1;
    while (rest > 0x7fffffff) {
      const quotient = Math.floor(rest / 10);
      bytes[at--] = 48 + (rest - quotient * 10);
      rest = quotient;
    }
    let small = rest | 0;
    for (; at >= this.length; at--) {
      const quotient = (small / 10) | 0;
      bytes[at] = 48 + small - quotient * 10;
      small = quotient;
    }
    this.length += count;
  }

  /** Forgets the first `count` bytes; the rest moves to the front. */
  dropFront(count: number): void {
    this.bytes.copyWithin(0, count, this.length);
    this.length -= count;
  }

  /** Gives the memory back to the budget; the sink starts again empty. */
  free(): void {
    this.#budget.release(this.bytes.length);
    this.bytes = new Uint8Array(0);
    this.length = 0;
  }

  #grow(count: number): void {
    const wanted = Math.max(firstBytes, this.bytes.length * 2, this.length + count);
    if (wanted > 2 ** 31) throw expandsTooMuch('text of 2 GB');
    this.#budget.reserve(wanted - this.bytes.length, 'rendered text');
    const grown = new Uint8Array(wanted);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}
