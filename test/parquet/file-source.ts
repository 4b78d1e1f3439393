import { readFile } from 'node:fs/promises';
import type { ByteSource } from '../../src/parquet/byte-source.ts';

/** Bytes in memory as a source, which notes what was asked of it. */
export class MemorySource implements ByteSource {
  readonly #bytes: Uint8Array;
  readonly ranges: { readonly start: number; readonly end: number }[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    this.ranges.push({ start, end });
    return Uint8Array.from(this.#bytes.subarray(start, end));
  }
}

export async function sourceOf(path: string): Promise<MemorySource> {
  return new MemorySource(await readFile(path));
}
