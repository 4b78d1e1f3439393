import { createReadStream, mkdirSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blockBytes } from '../limits.ts';
import { blocksOf } from './blocks.ts';
import { type Extent, type ExtentBytes, newExtentId } from './extent-store.ts';

/** Keeps each extent in a file of its own below `folder`. */
export class FolderExtents implements ExtentBytes {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  async write(source: AsyncIterable<Uint8Array>): Promise<Extent> {
    const id = newExtentId();
    let sizeBytes = 0;
    async function* counted(): AsyncGenerator<Buffer, void, undefined> {
      for await (const block of blocksOf(source)) {
        sizeBytes += block.length;
        yield block;
      }
    }
    try {
      await writeFile(this.#path(id), counted(), { flag: 'wx' });
    } catch (error) {
      await rm(this.#path(id), { force: true });
      throw error;
    }
    return { id, sizeBytes };
  }

  async *read(extent: Extent, start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
    yield* createReadStream(this.#path(extent.id), { start, end: end - 1, highWaterMark: blockBytes });
  }

  async remove(extents: readonly Extent[]): Promise<void> {
    for (const extent of extents) await rm(this.#path(extent.id), { force: true });
  }

  /** Removes what a killed process left behind: every extent that is not in use. To be called before the first write. */
  async sweep(inUse: ReadonlySet<string>): Promise<void> {
    for (const id of await readdir(this.#folder)) if (!inUse.has(id)) await rm(this.#path(id), { force: true });
  }

  #path(id: string): string {
    return join(this.#folder, id);
  }
}
