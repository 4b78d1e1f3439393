import { BitPacker } from './bit-packer.ts';
import type { ByteSink } from './byte-sink.ts';

/** Values that are packed together, and from which on a repetition is shorter than packing. */
const groupValues = 8;

export interface HybridValues {
  readonly values: Int32Array | Uint8Array;
  readonly from: number;
  readonly to: number;
  /** Bits of a value, 0 to 24. */
  readonly width: number;
}

/** Parquet's RLE / bit-packed hybrid (Encodings.md, "RLE"): repetitions as runs, everything else packed in eights. */
export function writeHybrid({ values, from, to, width }: HybridValues, sink: ByteSink): void {
  for (let at = from; at < to; ) {
    const repeated = endOfRun(values, at, to);
    if (repeated - at >= groupValues) {
      sink.varint((repeated - at) * 2);
      for (let bits = 0; bits < width; bits += 8) sink.byte(((values[at] as number) >>> bits) & 255);
      at = repeated;
      continue;
    }
    const end = endOfMixed(values, at, to);
    writePacked({ values, from: at, to: end, width }, sink);
    at = end;
  }
}

export function bitsFor(maxValue: number): number {
  return 32 - Math.clz32(maxValue);
}

function endOfRun(values: Int32Array | Uint8Array, at: number, to: number): number {
  const value = values[at];
  let end = at + 1;
  while (end < to && values[end] === value) end++;
  return end;
}

/** Groups of eight up to where a run begins. */
function endOfMixed(values: Int32Array | Uint8Array, at: number, to: number): number {
  let end = at;
  do end += groupValues;
  while (end < to && endOfRun(values, end, Math.min(to, end + groupValues)) - end < groupValues);
  return Math.min(end, to);
}

function writePacked({ values, from, to, width }: HybridValues, sink: ByteSink): void {
  const groups = Math.ceil((to - from) / groupValues);
  sink.varint(groups * 2 + 1);
  sink.ensure(groups * width);
  const packer = new BitPacker(sink);
  for (let i = from; i < to; i++) packer.put(values[i] as number, width);
  for (let i = to; i < from + groups * groupValues; i++) packer.put(0, width);
  packer.end();
}
