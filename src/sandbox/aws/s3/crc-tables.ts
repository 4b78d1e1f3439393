/*
 * CRC32C and CRC64NVME are not in Node. Both are computed eight bytes at a time ("slicing by 8"): table[k][b] is what byte
 * b contributes when k more bytes follow it. 64 bits are kept as two halves, because BigInt is a hundred times slower.
 */
const slices = 8;

/** Castagnoli polynomial, bits reflected. */
const crc32cPolynomial = 0x82f63b78;
/** NVM Express polynomial, bits reflected. */
const crc64PolynomialHigh = 0x9a6c9329;
const crc64PolynomialLow = 0xac4bc9b5;

export function crc32cTable(): Uint32Array {
  const table = new Uint32Array(slices * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ crc32cPolynomial : crc >>> 1;
    table[byte] = crc;
  }
  for (let index = 256; index < slices * 256; index += 1) {
    const before = table[index - 256] ?? 0;
    table[index] = (before >>> 8) ^ (table[before & 255] ?? 0);
  }
  return table;
}

export function crc64Tables(): { readonly high: Uint32Array; readonly low: Uint32Array } {
  const high = new Uint32Array(slices * 256);
  const low = new Uint32Array(slices * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crcHigh = 0;
    let crcLow = byte;
    for (let bit = 0; bit < 8; bit += 1) {
      const carry = crcLow & 1;
      crcLow = (crcLow >>> 1) | ((crcHigh & 1) << 31);
      crcHigh >>>= 1;
      if (carry) {
        crcHigh ^= crc64PolynomialHigh;
        crcLow ^= crc64PolynomialLow;
      }
    }
    high[byte] = crcHigh;
    low[byte] = crcLow;
  }
  for (let index = 256; index < slices * 256; index += 1) {
    const beforeHigh = high[index - 256] ?? 0;
    const beforeLow = low[index - 256] ?? 0;
    high[index] = (beforeHigh >>> 8) ^ (high[beforeLow & 255] ?? 0);
    low[index] = ((beforeLow >>> 8) | (beforeHigh << 24)) ^ (low[beforeLow & 255] ?? 0);
  }
  return { high, low };
}
