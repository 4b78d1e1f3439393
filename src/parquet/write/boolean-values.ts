import { BitPacker } from './bit-packer.ts';
import { ByteSink } from './byte-sink.ts';
import type { ColumnValues, ValueEncoding } from './value-encoding.ts';

const letters = { t: 116, f: 102 } as const;

/** `t` and `f`, a bit each. */
export class BooleanValues implements ColumnValues {
  readonly #values = new ByteSink();

  get count(): number {
    return this.#values.length;
  }

  take(bytes: Uint8Array, start: number, end: number): boolean {
    const letter = bytes[start];
    if (end - start !== 1 || (letter !== letters.t && letter !== letters.f)) return false;
    this.#values.byte(letter === letters.t ? 1 : 0);
    return true;
  }

  encodings(): readonly ValueEncoding[] {
    const sink = new ByteSink();
    sink.ensure((this.count >> 3) + 1);
    const packer = new BitPacker(sink);
    for (const value of this.#values.view()) packer.put(value, 1);
    packer.end();
    return [{ encoding: 'PLAIN', pages: [{ valueCount: this.count, bytes: sink.view() }] }];
  }

  bounds(): undefined {
    return undefined;
  }

  reset(): void {
    this.#values.reset();
  }
}
