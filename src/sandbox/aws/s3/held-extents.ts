import type { Extent, ExtentBytes, ExtentStore } from './extent-store.ts';

/**
 * Puts off the removal of what is being read: in S3 a read that has begun ends with the bytes that it began with, although
 * the object was overwritten or deleted meanwhile ("Amazon S3 data consistency model", S3 user guide).
 */
export class HeldExtents implements ExtentStore {
  readonly #bytes: ExtentBytes;
  readonly #readers = new Map<string, number>();
  readonly #doomed = new Set<string>();

  constructor(bytes: ExtentBytes) {
    this.#bytes = bytes;
  }

  write(source: AsyncIterable<Uint8Array>): Promise<Extent> {
    return this.#bytes.write(source);
  }

  read(extent: Extent, start: number, end: number): AsyncIterable<Uint8Array> {
    return this.#bytes.read(extent, start, end);
  }

  async remove(extents: readonly Extent[]): Promise<void> {
    const free = extents.filter((extent) => !this.#readers.has(extent.id));
    for (const { id } of extents) if (this.#readers.has(id)) this.#doomed.add(id);
    await this.#bytes.remove(free);
  }

  hold(extents: readonly Extent[]): () => void {
    for (const { id } of extents) this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1);
    return () => this.#release(extents);
  }

  #release(extents: readonly Extent[]): void {
    for (const { id } of extents) {
      const others = (this.#readers.get(id) ?? 1) - 1;
      if (others === 0) this.#readers.delete(id);
      else this.#readers.set(id, others);
    }
    const free = extents.filter(({ id }) => !this.#readers.has(id) && this.#doomed.delete(id));
    // Nobody waits for it, and what stays behind is swept at the next start.
    void this.#bytes.remove(free).catch(() => undefined);
  }
}
