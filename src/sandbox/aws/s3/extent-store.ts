import { randomUUID } from 'node:crypto';

/** A run of stored bytes. An object is one extent, or one a part. */
export interface Extent {
  readonly id: string;
  readonly sizeBytes: number;
}

/** Where the bytes are. An extent is written once and never changed. */
export interface ExtentBytes {
  /** Stores all that `source` gives; when `source` throws, nothing is left behind and its error is passed on. */
  write(source: AsyncIterable<Uint8Array>): Promise<Extent>;
  /** Bytes from `start` up to, not including, `end`. */
  read(extent: Extent, start: number, end: number): AsyncIterable<Uint8Array>;
  remove(extents: readonly Extent[]): Promise<void>;
}

/** Bytes that outlive their removal as long as somebody reads them. */
export interface ExtentStore extends ExtentBytes {
  /** Keeps these readable, even if they are removed, until the function that it returns is called, once. */
  hold(extents: readonly Extent[]): () => void;
}

export function newExtentId(): string {
  return randomUUID();
}

export function totalBytes(extents: readonly Extent[]): number {
  return extents.reduce((sum, extent) => sum + extent.sizeBytes, 0);
}

/** Reads a range of an object that lies in several extents; the caller holds them. */
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

/** As `readExtents`, holding them itself from now to the end of the loop that it is for, which must not be left out. */
export function readHeld(
  store: ExtentStore,
  extents: readonly Extent[],
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const release = store.hold(extents);
  return (async function* () {
    try {
      yield* readExtents(store, extents, start, end);
    } finally {
      release();
    }
  })();
}
