import { blockBytes } from '../limits.ts';
import { blocksOf } from './blocks.ts';
import { type Extent, type ExtentBytes, newExtentId } from './extent-store.ts';

/** Keeps extents in memory, in blocks of equal size so that a range is found by division. */
export class MemoryExtents implements ExtentBytes {
  readonly #blocks = new Map<string, readonly Buffer[]>();

  async write(source: AsyncIterable<Uint8Array>): Promise<Extent> {
    const blocks: Buffer[] = [];
    for await (const block of blocksOf(source)) blocks.push(block);
    const extent: Extent = { id: newExtentId(), sizeBytes: blocks.reduce((sum, { length }) => sum + length, 0) };
    this.#blocks.set(extent.id, blocks);
    return extent;
  }

  async *read(extent: Extent, start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
    const blocks = this.#blocks.get(extent.id);
    if (blocks === undefined) throw new Error(`extent ${extent.id} is gone`);
    for (let at = start; at < end; ) {
      const inBlock = at % blockBytes;
      const piece = blocks[Math.floor(at / blockBytes)]?.subarray(inBlock, inBlock + end - at) ?? Buffer.alloc(0);
      if (piece.length === 0) throw new Error(`extent ${extent.id} is shorter than ${end} bytes`);
      yield piece;
      at += piece.length;
    }
  }

  async remove(extents: readonly Extent[]): Promise<void> {
    for (const extent of extents) this.#blocks.delete(extent.id);
  }
}
