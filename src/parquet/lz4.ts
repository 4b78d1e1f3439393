import { invalid } from './problems.ts';
import { copyWithin } from './snappy.ts';

/** An LZ4 block (lz4_Block_format.md) into exactly `output`. @throws AppError PARQUET_INVALID */
function unblock(input: Uint8Array, output: Uint8Array): void {
  let position = 0;
  let written = 0;
  const readLength = (nibble: number): number => {
    let length = nibble;
    if (nibble < 15) return length;
    for (;;) {
      const byte = input[position++];
      if (byte === undefined) throw invalid('lz4 data ends too early');
      length += byte;
      if (byte < 255) return length;
    }
  };
  while (position < input.length) {
    const token = input[position++] as number;
    const literals = readLength(token >> 4);
    if (position + literals > input.length || written + literals > output.length)
      throw invalid('an lz4 literal is too long');
    output.set(input.subarray(position, position + literals), written);
    position += literals;
    written += literals;
    if (position === input.length) break;
    if (position + 2 > input.length) throw invalid('lz4 data ends too early');
    const distance = (input[position] as number) | ((input[position + 1] as number) << 8);
    position += 2;
    const length = readLength(token & 15) + 4;
    if (distance === 0 || distance > written || written + length > output.length)
      throw invalid('an lz4 copy is out of range');
    copyWithin(output, written, distance, length);
    written += length;
  }
  if (written !== output.length) throw invalid(`lz4 data gives ${written} bytes instead of ${output.length}`);
}

/** Codec LZ4_RAW: one block. */
export function unlz4(input: Uint8Array, outputBytes: number): Uint8Array {
  const output = new Uint8Array(outputBytes);
  unblock(input, output);
  return output;
}

/**
 * The older codec LZ4, of which writers understood different things: Hadoop's framing (big-endian uncompressed and
 * compressed length before each block), or one bare block. The lengths tell which it is.
 */
export function unlz4Hadoop(input: Uint8Array, outputBytes: number): Uint8Array {
  const frames = hadoopFrames(input, outputBytes);
  if (frames === undefined) return unlz4(input, outputBytes);
  const output = new Uint8Array(outputBytes);
  let written = 0;
  for (const frame of frames) {
    unblock(frame.input, output.subarray(written, written + frame.outputBytes));
    written += frame.outputBytes;
  }
  return output;
}

interface Frame {
  readonly input: Uint8Array;
  readonly outputBytes: number;
}

function hadoopFrames(input: Uint8Array, outputBytes: number): readonly Frame[] | undefined {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const frames: Frame[] = [];
  let total = 0;
  for (let position = 0; position < input.length; ) {
    if (position + 8 > input.length) return undefined;
    const frameBytes = view.getUint32(position);
    const compressedBytes = view.getUint32(position + 4);
    position += 8;
    if (position + compressedBytes > input.length) return undefined;
    frames.push({ input: input.subarray(position, position + compressedBytes), outputBytes: frameBytes });
    total += frameBytes;
    position += compressedBytes;
  }
  return total === outputBytes ? frames : undefined;
}
