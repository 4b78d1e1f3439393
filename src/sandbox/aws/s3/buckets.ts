import type { Note } from '../change.ts';
import { Bucket, type NewBucket } from './bucket.ts';

/** All buckets of all accounts, by name. */
export class Buckets {
  readonly #buckets = new Map<string, Bucket>();
  readonly #note: Note;

  constructor(note: Note) {
    this.#note = note;
  }

  get(name: string): Bucket | undefined {
    return this.#buckets.get(name);
  }

  has(name: string): boolean {
    return this.#buckets.has(name);
  }

  values(): Iterable<Bucket> {
    return this.#buckets.values();
  }

  /** The name must be free. */
  add({ name, accountId, region, createdMs }: NewBucket): Bucket {
    const bucket = new Bucket({ name, accountId, region, createdMs }, this.#note);
    this.#note({ kind: 'bucket', bucket: { name, accountId, region, createdMs } });
    this.#buckets.set(name, bucket);
    return bucket;
  }

  remove(name: string): void {
    this.#note({ kind: 'bucket-gone', bucket: name });
    this.#buckets.delete(name);
  }
}
