/** A byte stream, chunk by chunk, into which what was read too far can be put back. Empty chunks are left out. */
export class Chunks implements AsyncIterableIterator<Uint8Array> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #putBack: Uint8Array[] = [];

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const chunk = this.#putBack.pop();
    if (chunk !== undefined) return { done: false, value: chunk };
    for (;;) {
      const result = await this.#source.next();
      if (result.done) return { done: true, value: undefined };
      if (result.value.length > 0) return { done: false, value: result.value };
    }
  }

  putBack(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#putBack.push(chunk);
  }

  /** At least `bytes` bytes, or all that there are; they are put back too. */
  async peek(bytes: number): Promise<Uint8Array> {
    let seen: Uint8Array = new Uint8Array(0);
    while (seen.length < bytes) {
      const result = await this.next();
      if (result.done) break;
      seen = seen.length === 0 ? result.value : Buffer.concat([seen, result.value]);
    }
    this.putBack(seen);
    return seen;
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#putBack.length = 0;
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
