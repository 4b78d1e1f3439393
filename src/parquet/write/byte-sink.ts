const firstBytes = 1024;

/** Bytes that grow at their end; emptied and used again rather than thrown away. */
export class ByteSink {
  /** Valid up to `length`; when it grows it is replaced, and what was taken of it before is empty. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(firstBytes);
  length = 0;

  reset(): void {
    this.length = 0;
  }

  /** Room for `count` more bytes. */
  ensure(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    this.bytes = new Uint8Array(this.bytes.buffer.transfer(Math.max(needed, this.bytes.length * 2)));
  }

  byte(value: number): void {
    this.ensure(1);
    this.bytes[this.length++] = value;
  }

  append(from: Uint8Array): void {
    this.ensure(from.length);
    this.bytes.set(from, this.length);
    this.length += from.length;
  }

  uint32(value: number): void {
    this.ensure(4);
    for (let shift = 0; shift < 32; shift += 8) this.bytes[this.length++] = value >>> shift;
  }

  /** A whole number from 0 to 2^53 in base 128, lowest digits first. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** A whole number within ±2^52, negative ones between the others. */
  zigzag(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  /** What was written. A view, good until the next write. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  /** What was written, in bytes of exactly that length; the sink has none left and is not to be used any more. */
  take(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.bytes.buffer.transfer(this.length));
  }
}
