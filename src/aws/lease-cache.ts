import { LRUCache } from 'lru-cache';

/** A thing on loan from the cache; it is not destroyed before it is released. */
export interface Lease<Value> {
  readonly value: Value;
  release(): void;
}

interface Entry<Value> {
  readonly value: Value;
  leases: number;
  isEvicted: boolean;
}

/**
 * The `max` things that were used last, made when they are first asked for. One that is pushed out is destroyed at once,
 * or when its last lease is released.
 */
export class LeaseCache<Value> {
  readonly #destroy: (value: Value) => void;
  readonly #entries: LRUCache<string, Entry<Value>>;

  constructor(options: { readonly max: number; readonly destroy: (value: Value) => void }) {
    this.#destroy = options.destroy;
    this.#entries = new LRUCache<string, Entry<Value>>({
      max: options.max,
      dispose: (entry) => {
        entry.isEvicted = true;
        if (entry.leases === 0) this.#destroy(entry.value);
      },
    });
  }

  lease(key: string, make: () => Value): Lease<Value> {
    const entry = this.#entries.get(key) ?? this.#add(key, make());
    entry.leases++;
    let isReleased = false;
    return {
      value: entry.value,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        entry.leases--;
        if (entry.isEvicted && entry.leases === 0) this.#destroy(entry.value);
      },
    };
  }

  #add(key: string, value: Value): Entry<Value> {
    const entry = { value, leases: 0, isEvicted: false };
    this.#entries.set(key, entry);
    return entry;
  }

  /** How many are kept for the next use. */
  get size(): number {
    return this.#entries.size;
  }

  /** Everything not on loan is destroyed now, the rest when it is released. */
  clear(): void {
    this.#entries.clear();
  }
}
