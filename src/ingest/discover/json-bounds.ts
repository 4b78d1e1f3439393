import { AppError } from '../../errors.ts';

/** No manifest nests more than four levels; a parser's stack has to be finite. */
const maxDepth = 32;
/** Commas, colons and brackets: the most of 100,000 files as objects and 10,000 columns, several times over. */
const maxTokens = 2_000_000;

const quote = 0x22;
const backslash = 0x5c;

/**
 * Refuses JSON that would cost far more memory parsed than it has bytes (`[[[[…`, `[{},{},…`), in one pass over the
 * bytes. It need not be right JSON: what passes still has to be parsed.
 * @throws AppError MANIFEST_INVALID
 */
export function checkJsonBounds(bytes: Uint8Array, subject: string): void {
  let depth = 0;
  let tokens = 0;
  let inText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inText) {
      if (byte === backslash) i++;
      else if (byte === quote) inText = false;
      continue;
    }
    if (byte === quote) inText = true;
    else if (byte === 0x5b || byte === 0x7b) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    else if (byte !== 0x2c && byte !== 0x3a) continue;
    tokens++;
    if (depth > maxDepth) throw invalid(`nests deeper than ${maxDepth} levels (at byte ${i})`);
    if (tokens > maxTokens) throw invalid(`has more than ${maxTokens} values`);
  }

  function invalid(what: string): AppError {
    return new AppError('MANIFEST_INVALID', `${subject}: ${what}`);
  }
}
