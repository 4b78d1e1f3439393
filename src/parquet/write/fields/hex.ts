import { ascii, type ParseField } from './parse-field.ts';

const notHex = 255;

/** Lower-case digits only, as PostgreSQL prints them. */
const hexValues = Uint8Array.from({ length: 256 }, (_, byte) => {
  const at = '0123456789abcdef'.indexOf(String.fromCharCode(byte));
  return at < 0 ? notHex : at;
});

/** The byte of two digits; 256 or more when one is none. */
export function hexByte(bytes: Uint8Array, at: number): number {
  const high = hexValues[bytes[at] as number] as number;
  const low = hexValues[bytes[at + 1] as number] as number;
  return high === notHex || low === notHex ? 256 : high * 16 + low;
}

const uuidLength = '01234567-89ab-cdef-0123-456789abcdef'.length;
/** Where the digits of each four bytes are, with a hyphen between some. */
const uuidDigits = [
  [0, 2, 4, 6],
  [9, 11, 14, 16],
  [19, 21, 24, 26],
  [28, 30, 32, 34],
] as const;
const uuidHyphens = [8, 13, 18, 23] as const;

export const parseUuid: ParseField = (bytes, start, end, words, at) => {
  if (end - start !== uuidLength) return false;
  for (const hyphen of uuidHyphens) if (bytes[start + hyphen] !== ascii.minus) return false;
  for (let word = 0; word < 4; word++) {
    const places = uuidDigits[word] as (typeof uuidDigits)[number];
    const a = hexByte(bytes, start + places[0]);
    const b = hexByte(bytes, start + places[1]);
    const c = hexByte(bytes, start + places[2]);
    const d = hexByte(bytes, start + places[3]);
    if ((a | b | c | d) > 255) return false;
    words[at + word] = a | (b << 8) | (c << 16) | (d << 24);
  }
  return true;
};
