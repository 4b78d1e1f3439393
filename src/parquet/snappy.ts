import { invalid } from './problems.ts';

/** Below this many bytes a loop is faster than a call into the engine's copy. */
const loopBytes = 32;

/**
 * Snappy's raw format (google/snappy, format_description.txt) into exactly `outputBytes`. Strict where lenient decoders
 * leave zeros behind: the claimed length, the page's and what comes out must be one.
 * @throws AppError PARQUET_INVALID
 */
export function unsnappy(input: Uint8Array, outputBytes: number): Uint8Array {
  const output = new Uint8Array(outputBytes);
  let position = checkPreamble(input, outputBytes);
  let written = 0;
  while (position < input.length) {
    const tag = input[position++] as number;
    let length = (tag >> 2) + 1;
    if ((tag & 3) === 0) {
      if (length > 60) {
        const lengthBytes = length - 60;
        if (position + lengthBytes > input.length) throw invalid('snappy data ends too early');
        length = 1;
        for (let i = 0; i < lengthBytes; i++) length += (input[position++] as number) * 2 ** (8 * i);
      }
      if (position + length > input.length || written + length > outputBytes)
        throw invalid('a snappy literal is too long');
      if (length > loopBytes) output.set(input.subarray(position, position + length), written);
      else for (let i = 0; i < length; i++) output[written + i] = input[position + i] as number;
      position += length;
      written += length;
      continue;
    }
    let distance: number;
    if ((tag & 3) === 1) {
      if (position >= input.length) throw invalid('snappy data ends too early');
      length = ((tag >> 2) & 7) + 4;
      distance = ((tag >> 5) << 8) | (input[position++] as number);
    } else {
      const distanceBytes = (tag & 3) === 2 ? 2 : 4;
      if (position + distanceBytes > input.length) throw invalid('snappy data ends too early');
      distance = (input[position] as number) | ((input[position + 1] as number) << 8);
      if (distanceBytes === 4)
        distance += (input[position + 2] as number) * 2 ** 16 + (input[position + 3] as number) * 2 ** 24;
      position += distanceBytes;
    }
    if (distance === 0 || distance > written || written + length > outputBytes)
      throw invalid('a snappy copy is out of range');
    copyWithin(output, written, distance, length);
    written += length;
  }
  if (written !== outputBytes) throw invalid(`snappy data gives ${written} bytes instead of ${outputBytes}`);
  return output;
}

/** The preamble is the uncompressed length as a varint. */
function checkPreamble(input: Uint8Array, outputBytes: number): number {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = input[i];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte >= 0x80) continue;
    if (length !== outputBytes) throw invalid(`snappy data of ${length} bytes in a page of ${outputBytes}`);
    return i + 1;
  }
  throw invalid('snappy data has no length');
}

/** `length` bytes from `distance` back; where both overlap, the bytes just written repeat. */
export function copyWithin(output: Uint8Array, at: number, distance: number, length: number): void {
  if (length > loopBytes && distance >= length) {
    output.copyWithin(at, at - distance, at - distance + length);
    return;
  }
  for (let i = at, end = at + length; i < end; i++) output[i] = output[i - distance] as number;
}
