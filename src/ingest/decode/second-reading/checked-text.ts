import { AppError } from '../../../errors.ts';
import { Utf8Check } from '../csv/utf8-check.ts';

/**
 * Passes a text on unchanged, as long as it is UTF-8 without NUL; csv-parse would replace the one and take the other.
 * @throws AppError TEXT_INVALID, with the byte
 */
export async function* checkedText(name: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const check = new Utf8Check();
  let byte = 0;
  for await (const chunk of source) {
    const invalid = check.push(chunk);
    if (invalid !== undefined) throw textInvalid(name, byte + invalid, 'no valid UTF-8');
    const nul = chunk.indexOf(0);
    if (nul >= 0) throw textInvalid(name, byte + nul, 'a NUL byte');
    byte += chunk.length;
    yield chunk;
  }
  if (check.finish() > 0) throw textInvalid(name, byte - check.finish(), 'no valid UTF-8');
}

function textInvalid(name: string, byte: number, text: string): AppError {
  return new AppError('TEXT_INVALID', `${name}, byte ${byte}: ${text}`);
}
