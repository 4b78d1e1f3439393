import { AppError } from '../../errors.ts';
import { maxJsonDepth } from './canonical-json.ts';

/**
 * Some 600,000 ranges, which is six thousand million rows in one month; a verifier still reads it on a laptop, and its
 * text is below the longest string of V8.
 */
export const maxManifestBytes = 64 * 1024 * 1024;
/** Commas, colons and brackets: eight for each of those ranges, and as many again for everything else. */
const maxTokens = 10_000_000;

const quote = 0x22;
const backslash = 0x5c;
const openers: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const closers: ReadonlySet<number> = new Set([0x5d, 0x7d]);
const separators: ReadonlySet<number> = new Set([0x2c, 0x3a]);

/**
 * Refuses a JSON text that would take far more memory parsed than it has bytes, before it is parsed. What passes need
 * not be right JSON.
 * @throws AppError MANIFEST_INVALID
 */
export function checkJsonBounds(bytes: Uint8Array): void {
  if (bytes.length > maxManifestBytes) {
    throw new AppError('MANIFEST_INVALID', `the manifest has ${bytes.length} bytes, more than ${maxManifestBytes}`);
  }
  let depth = 0;
  let tokens = 0;
  let isText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === quote) isText = !isText;
    else if (isText && byte === backslash) i++;
    if (isText) continue;
    if (openers.has(byte)) depth++;
    else if (closers.has(byte)) depth--;
    else if (!separators.has(byte)) continue;
    tokens++;
    if (depth > maxJsonDepth)
      throw new AppError('MANIFEST_INVALID', `the manifest nests deeper than ${maxJsonDepth} levels`);
    if (tokens > maxTokens) throw new AppError('MANIFEST_INVALID', `the manifest has more than ${maxTokens} values`);
  }
}
