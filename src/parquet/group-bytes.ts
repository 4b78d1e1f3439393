import type { ByteSource } from './byte-source.ts';
import { type ChunkBytes, RangeBytes, WindowBytes } from './chunk-bytes.ts';
import { type ChunkLocation, type RowGroupLocation, spanOf } from './footer.ts';
import type { ParquetLimits } from './limits.ts';

/** Smallest window of a column: a page of most writers. */
const minWindowBytes = 1024 * 1024;

/** For each leaf, where its chunk's bytes come from. */
export type GroupBytes = readonly ChunkBytes[];

/**
 * Reads row groups in order. One that fits `maxRangeBytes` is one range, and the next is read ahead while both are small;
 * a greater one is read in windows as its columns go on, so that memory does not follow its size.
 */
export class GroupReader {
  readonly #source: ByteSource;
  readonly #groups: readonly RowGroupLocation[];
  readonly #limits: ParquetLimits;
  #ahead: { readonly index: number; readonly bytes: Promise<GroupBytes> } | undefined;

  constructor(source: ByteSource, groups: readonly RowGroupLocation[], limits: ParquetLimits) {
    this.#source = source;
    this.#groups = groups;
    this.#limits = limits;
  }

  /** Row group `index`; to be called in ascending order. */
  async open(index: number): Promise<GroupBytes> {
    const bytes = await (this.#ahead?.index === index ? this.#ahead.bytes : this.#read(index));
    this.#ahead = undefined;
    this.#readAhead(index);
    return bytes;
  }

  #readAhead(index: number): void {
    const here = this.#groups[index];
    const next = this.#groups[index + 1];
    if (here === undefined || next === undefined) return;
    if (spanBytes(here) + spanBytes(next) > this.#limits.maxReadAheadBytes) return;
    const bytes = this.#read(index + 1);
    // asked for later, or never when the file fails first: no unhandled rejection then
    bytes.catch(() => undefined);
    this.#ahead = { index: index + 1, bytes };
  }

  async #read(index: number): Promise<GroupBytes> {
    const chunks = this.#groups[index]?.chunks ?? [];
    const { start, end } = spanOf(chunks);
    if (end - start > this.#limits.maxRangeBytes) return this.#windows(chunks);
    if (end === start) return chunks.map(() => new RangeBytes(new Uint8Array(0), start));
    const range = new RangeBytes(await this.#source.read(start, end), start);
    return chunks.map(() => range);
  }

  #windows(chunks: readonly ChunkLocation[]): GroupBytes {
    const windowBytes = Math.max(minWindowBytes, Math.floor(this.#limits.maxRangeBytes / 2 / chunks.length));
    return chunks.map(({ end }) => new WindowBytes(this.#source, { end, windowBytes }));
  }
}

function spanBytes({ chunks }: RowGroupLocation): number {
  const { start, end } = spanOf(chunks);
  return end - start;
}
