import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { unlz4, unlz4Hadoop } from './lz4.ts';
import { expandsTooMuch, invalid, unsupported } from './problems.ts';
import { unsnappy } from './snappy.ts';

/**
 * One page, uncompressed: exactly `outputBytes`, which the caller has checked against the limits. No codec gets room for
 * more, so what expands further ends there.
 * @throws AppError PARQUET_INVALID, PARQUET_UNSUPPORTED, EXPANDS_TOO_MUCH
 */
export function decompress(codec: string, input: Uint8Array, outputBytes: number): Uint8Array {
  // All values null: writers leave anything from nothing to an empty stream.
  if (outputBytes === 0) return new Uint8Array(0);
  const output = expand(codec, input, outputBytes);
  if (output.length !== outputBytes) {
    throw invalid(`a ${codec} page gives ${output.length} bytes instead of ${outputBytes}`);
  }
  return output;
}

function expand(codec: string, input: Uint8Array, outputBytes: number): Uint8Array {
  switch (codec) {
    case 'UNCOMPRESSED':
      return input;
    case 'SNAPPY':
      return unsnappy(input, outputBytes);
    case 'LZ4_RAW':
      return unlz4(input, outputBytes);
    case 'LZ4':
      return unlz4Hadoop(input, outputBytes);
    case 'GZIP':
      return native(codec, input, outputBytes, hasGzipMagic(input) ? gunzipSync : inflateSync);
    case 'ZSTD':
      return native(codec, input, outputBytes, zstdDecompressSync);
    case 'BROTLI':
      return native(codec, input, outputBytes, brotliDecompressSync);
    default:
      throw unsupported(`compression codec ${codec}`);
  }
}

/** Some writers' GZIP pages are zlib streams without gzip's own header. */
function hasGzipMagic(input: Uint8Array): boolean {
  return input[0] === 0x1f && input[1] === 0x8b;
}

type NativeDecompress = (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

function native(codec: string, input: Uint8Array, outputBytes: number, decompressSync: NativeDecompress): Uint8Array {
  try {
    return decompressSync(input, { maxOutputLength: Math.max(outputBytes, 1) });
  } catch (error) {
    if (error instanceof RangeError)
      throw expandsTooMuch(`a ${codec} page gives more than the ${outputBytes} bytes it claims`);
    throw invalid(`a ${codec} page cannot be decompressed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
