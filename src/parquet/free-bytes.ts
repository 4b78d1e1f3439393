/** Buffers below this may be parts of a shared pool, and are no burden until they are collected. */
const minBytes = 256 * 1024;

/**
 * Gives a big buffer's memory back now instead of at some later collection: pages come faster than collections do, and
 * peak memory is what a machine must have. The bytes, and every other view of them, are unusable afterwards.
 */
export function freeBytes({ buffer }: Uint8Array): void {
  if (isBig(buffer)) buffer.transfer(0);
}

/** The bytes alone, where they are the beginning of a big buffer; what lies behind them is given back now. */
export function trimBytes(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = bytes;
  return byteOffset === 0 && isBig(buffer) ? new Uint8Array(buffer.transfer(length)) : bytes;
}

function isBig(buffer: ArrayBufferLike): buffer is ArrayBuffer {
  return buffer instanceof ArrayBuffer && !buffer.detached && buffer.byteLength >= minBytes;
}
