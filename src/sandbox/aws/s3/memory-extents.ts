import { blockBytes } from '../limits.ts';
import { type Extent, type ExtentStore, newExtentId } from './extent-store.ts';

/** Keeps extents in memory, in blocks of equal size so that a range is found by division. */
export class MemoryExtents implements ExtentStore {
  readonly #blocks = new Map<string, readonly Buffer[]>();

  async write(source: AsyncIterable<Uint8Array>): Promise<Extent> {
    const blocks: Buffer[] = [];
    let pending: Uint8Array[] = [];
    let pendingBytes = 0;
    let sizeBytes = 0;
    for await (const piece of source) {
      sizeBytes += piece.length;
      let rest = piece;
      while (pendingBytes + rest.length >= blockBytes) {
        const cut = blockBytes - pendingBytes;
        blocks.push(Buffer.concat([...pending, rest.subarray(0, cut)]));
        rest = rest.subarray(cut);
        pending = [];
        pendingBytes = 0;
      }
      if (rest.length === 0) continue;
      pending.push(rest);
      pendingBytes += rest.length;
    }
    // A copy, so that a small object does not keep the socket's whole buffer alive.
    if (pendingBytes > 0) blocks.push(Buffer.concat(pending));
    const extent: Extent = { id: newExtentId(), sizeBytes };
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
