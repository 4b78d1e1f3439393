import { getHeapStatistics } from 'node:v8';

/** What this thread's heap takes up, garbage included, and the buffers beside it that are its own. */
export function heldBytes(): number {
  const { total_heap_size, external_memory } = getHeapStatistics();
  return total_heap_size + external_memory;
}
