/**
 * Parses one field's text to a value of a fixed width and writes it, as 32-bit little-endian words, to `words` from `at` on.
 * False where the reader would not print the value exactly as the field has it; what was written then means nothing.
 */
export type ParseField = (bytes: Uint8Array, start: number, end: number, words: Int32Array, at: number) => boolean;

export const ascii = { minus: 45, point: 46, zero: 48, nine: 57, colon: 58, space: 32, plus: 43 } as const;
