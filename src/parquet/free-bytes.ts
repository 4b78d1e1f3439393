/** Buffers below this may be parts of a shared pool, and are no burden until they are collected. */
const minBytes = 256 * 1024;

/**
 * Gives a big buffer's memory back now instead of at some later collection: pages come faster than collections do, and
 * peak memory is what a machine must have. The bytes, and every other view of them, are unusable afterwards.
 */
export function freeBytes({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached && buffer.byteLength >= minBytes) buffer.transfer(0);
}
