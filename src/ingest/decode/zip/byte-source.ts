/** An object of known size of which any range can be read. */
export interface ByteSource {
  readonly sizeBytes: number;
  /**
   * The bytes from `start` up to, not including, `end`; all of them.
   * @throws AppError
   */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** One request a block: large enough that its round trip is small beside its transfer, two of them in memory. */
const blockBytes = 4 * 1024 * 1024;

/** A range as a stream; the next block is under way while one is being used. */
export async function* readRange(source: ByteSource, start: number, end: number): AsyncGenerator<Uint8Array, void> {
  let under: Promise<Uint8Array> | undefined;
  try {
    for (let from = start; from < end; from += blockBytes) {
      const block = await (under ?? source.read(from, Math.min(from + blockBytes, end)));
      const next = from + blockBytes;
      under = next < end ? source.read(next, Math.min(next + blockBytes, end)) : undefined;
      // awaited in the next turn; until then a failure must not count as unhandled
      under?.catch(() => {});
      yield block;
    }
  } finally {
    await under?.catch(() => {});
  }
}
