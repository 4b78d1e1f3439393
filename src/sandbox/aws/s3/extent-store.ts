import { randomUUID } from 'node:crypto';

/** A run of stored bytes. An object is one extent, or one a part. */
export interface Extent {
  readonly id: string;
  readonly sizeBytes: number;
}

/** Where the bytes are. An extent is written once and never changed. */
export interface ExtentStore {
  /** Stores all that `source` gives; when `source` throws, nothing is left behind and its error is passed on. */
  write(source: AsyncIterable<Uint8Array>): Promise<Extent>;
  /** Bytes from `start` up to, not including, `end`. */
  read(extent: Extent, start: number, end: number): AsyncIterable<Uint8Array>;
  /** Readers that have begun may fail afterwards. */
  remove(extents: readonly Extent[]): Promise<void>;
}

export function newExtentId(): string {
  return randomUUID();
}

export function totalBytes(extents: readonly Extent[]): number {
  return extents.reduce((sum, extent) => sum + extent.sizeBytes, 0);
}

/** Reads a range of an object that lies in several extents. */
export async function* readExtents(
  store: ExtentStore,
  extents: readonly Extent[],
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let offset = 0;
  for (const extent of extents) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, extent.sizeBytes);
    if (from < to) yield* store.read(extent, from, to);
    offset += extent.sizeBytes;
  }
}
