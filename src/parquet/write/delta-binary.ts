import { BitPacker } from './bit-packer.ts';
import type { ByteSink } from './byte-sink.ts';

const blockValues = 128;
const miniblocks = 4;
const miniblockValues = blockValues / miniblocks;

const deltas = new Float64Array(blockValues);

/**
 * DELTA_BINARY_PACKED (Encodings.md): each number as its difference from the one before, less the least difference of its
 * block of 128, in as many bits as the greatest needs.
 * The numbers lie within ±2^53 and at most 2^51 apart, so that every difference is exact (those of INT32 less than 2^30, so
 * that none needs more than its 32 bits).
 */
export function writeDeltas(numbers: Float64Array, count: number, sink: ByteSink): void {
  sink.varint(blockValues);
  sink.varint(miniblocks);
  sink.varint(count);
  sink.zigzag(count === 0 ? 0 : (numbers[0] as number));
  for (let from = 1; from < count; from += blockValues)
    writeBlock(numbers, from, Math.min(count, from + blockValues), sink);
}

function writeBlock(numbers: Float64Array, from: number, to: number, sink: ByteSink): void {
  const count = to - from;
  let least = Number.MAX_SAFE_INTEGER;
  let before = numbers[from - 1] as number;
  for (let i = 0; i < count; i++) {
    const number = numbers[from + i] as number;
    const delta = number - before;
    deltas[i] = delta;
    if (delta < least) least = delta;
    before = number;
  }
  for (let i = 0; i < count; i++) (deltas[i] as number) -= least;
  deltas.fill(0, count);
  sink.zigzag(least);
  const widths: number[] = [];
  for (let block = 0; block < miniblocks; block++) widths.push(widthOf(block));
  for (const width of widths) sink.byte(width);
  const packer = new BitPacker(sink);
  for (const [block, width] of widths.entries()) {
    if (width === 0) continue;
    sink.ensure((miniblockValues * width) / 8);
    const end = (block + 1) * miniblockValues;
    for (let i = block * miniblockValues; i < end; i++) packer.put(deltas[i] as number, width);
  }
}

function widthOf(block: number): number {
  let greatest = 0;
  const end = (block + 1) * miniblockValues;
  for (let i = block * miniblockValues; i < end; i++) greatest = Math.max(greatest, deltas[i] as number);
  const high = Math.floor(greatest / 2 ** 32);
  return high === 0 ? 32 - Math.clz32(greatest) : 64 - Math.clz32(high);
}
