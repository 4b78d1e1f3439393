import { isUtf8 } from 'node:buffer';

/** Bytes of the longest UTF-8 character. */
const longestCharacter = 4;

/** Proves a text, given in chunks cut anywhere, to be valid UTF-8. */
export class Utf8Check {
  /** The start of a character that the last chunk cut. */
  #cut: Uint8Array = new Uint8Array(0);

  /** @returns where in `chunk` the first invalid character begins (negative: in the chunk before), or undefined */
  push(chunk: Uint8Array): number | undefined {
    let from = 0;
    if (this.#cut.length > 0) {
      const missing = characterBytes(this.#cut[0] as number) - this.#cut.length;
      const character = Buffer.concat([this.#cut, chunk.subarray(0, missing)]);
      if (chunk.length < missing) {
        this.#cut = character;
        return undefined;
      }
      if (!isUtf8(character)) return -this.#cut.length;
      this.#cut = new Uint8Array(0);
      from = missing;
    }
    const end = wholeCharacters(chunk, from);
    if (!isUtf8(chunk.subarray(from, end))) return firstInvalid(chunk, from, end);
    // A copy: the chunk's memory may be gone when the rest comes (and Buffer's own slice makes none).
    if (end < chunk.length) this.#cut = Uint8Array.from(chunk.subarray(end));
    return undefined;
  }

  /** @returns bytes of a character that the text's end cut; 0 when all is well */
  finish(): number {
    return this.#cut.length;
  }
}

/** How long the character is that this byte begins; 1 for what begins none, which isUtf8 refuses by itself. */
function characterBytes(first: number): number {
  if (first >= 0xf0 && first <= 0xf4) return 4;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xc2 && first < 0xe0 ? 2 : 1;
}

/** End of the last character that lies whole in `bytes`. */
function wholeCharacters(bytes: Uint8Array, from: number): number {
  const { length } = bytes;
  for (let i = length - 1; i >= from && i > length - longestCharacter; i--) {
    const byte = bytes[i] as number;
    if (byte < 0x80) return length;
    if (byte >= 0xc0) return i + characterBytes(byte) > length ? i : length;
  }
  return length;
}

function firstInvalid(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const next = at + characterBytes(bytes[at] as number);
    if (!isUtf8(bytes.subarray(at, next))) return at;
    at = next;
  }
  return end;
}
