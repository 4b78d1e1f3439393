import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { blockBytes } from '../limits.ts';
import { type Extent, type ExtentStore, newExtentId } from './extent-store.ts';

/** Keeps each extent in a file of its own below `folder`. */
export class FolderExtents implements ExtentStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  async write(source: AsyncIterable<Uint8Array>): Promise<Extent> {
    const id = newExtentId();
    const file = createWriteStream(this.#path(id), { highWaterMark: blockBytes });
    try {
      await pipeline(source, file);
    } catch (error) {
      await rm(this.#path(id), { force: true });
      throw error;
    }
    return { id, sizeBytes: file.bytesWritten };
  }

  async *read(extent: Extent, start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
    yield* createReadStream(this.#path(extent.id), { start, end: end - 1, highWaterMark: blockBytes });
  }

  async remove(extents: readonly Extent[]): Promise<void> {
    for (const extent of extents) await rm(this.#path(extent.id), { force: true });
  }

  #path(id: string): string {
    return join(this.#folder, id);
  }
}
