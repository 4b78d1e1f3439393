import { crc32 } from 'node:zlib';
import { crc32cTable, crc64Tables } from './crc-tables.ts';

/** A running checksum; `digest` gives its bytes, most significant first, and ends it. */
export interface Digest {
  update(data: Uint8Array): void;
  digest(): Buffer;
}

export class Crc32 implements Digest {
  #crc = 0;

  update(data: Uint8Array): void {
    this.#crc = crc32(data, this.#crc);
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#crc);
    return bytes;
  }
}

const castagnoli = crc32cTable();

export class Crc32c implements Digest {
  #crc = 0xffffffff;

  update(data: Uint8Array): void {
    let crc = this.#crc;
    let at = 0;
    for (; at + 8 <= data.length; at += 8) {
      crc = slice8(castagnoli, crc ^ littleEndian(data, at), littleEndian(data, at + 4));
    }
    for (; at < data.length; at += 1) crc = (crc >>> 8) ^ (castagnoli[(crc ^ (data[at] ?? 0)) & 255] ?? 0);
    this.#crc = crc;
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE((this.#crc ^ 0xffffffff) >>> 0);
    return bytes;
  }
}

const nvme = crc64Tables();

export class Crc64Nvme implements Digest {
  #high = 0xffffffff;
  #low = 0xffffffff;

  update(data: Uint8Array): void {
    const { high: th, low: tl } = nvme;
    let high = this.#high;
    let low = this.#low;
    let at = 0;
    for (; at + 8 <= data.length; at += 8) {
      const x = low ^ littleEndian(data, at);
      const y = high ^ littleEndian(data, at + 4);
      high = slice8(th, x, y);
      low = slice8(tl, x, y);
    }
    for (; at < data.length; at += 1) {
      const index = (low ^ (data[at] ?? 0)) & 255;
      low = ((low >>> 8) | (high << 24)) ^ (tl[index] ?? 0);
      high = (high >>> 8) ^ (th[index] ?? 0);
    }
    this.#high = high;
    this.#low = low;
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE((this.#high ^ 0xffffffff) >>> 0, 0);
    bytes.writeUInt32BE((this.#low ^ 0xffffffff) >>> 0, 4);
    return bytes;
  }
}

function littleEndian(data: Uint8Array, at: number): number {
  return (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8) | ((data[at + 2] ?? 0) << 16) | ((data[at + 3] ?? 0) << 24);
}

/** What eight bytes, given as two little-endian words, contribute. */
function slice8(table: Uint32Array, first: number, second: number): number {
  return (
    (table[1792 + (first & 255)] ?? 0) ^
    (table[1536 + ((first >>> 8) & 255)] ?? 0) ^
    (table[1280 + ((first >>> 16) & 255)] ?? 0) ^
    (table[1024 + (first >>> 24)] ?? 0) ^
    (table[768 + (second & 255)] ?? 0) ^
    (table[512 + ((second >>> 8) & 255)] ?? 0) ^
    (table[256 + ((second >>> 16) & 255)] ?? 0) ^
    (table[second >>> 24] ?? 0)
  );
}
