/** Big enough that a call, a promise and a socket write cost nothing beside it, small enough to hold several. */
const bufferBytes = 512 * 1024;

const ZERO = 48;
const COMMA = 44;
const LF = 10;

/** Gathers numbered records into buffers of equal size. Every buffer is fresh: whoever gets it may keep it. */
export class RowBuffer {
  #full: Buffer[] = [];
  #current = Buffer.allocUnsafeSlow(bufferBytes);
  #used = 0;

  /** Writes `17,`: the first cell of row 17. */
  beginRow(row: number): void {
    const digits = countDigits(row);
    this.#makeRoom(digits + 1);
    let rest = row;
    for (let at = this.#used + digits - 1; at >= this.#used; at--) {
      const tenth = Math.floor(rest / 10);
      this.#current[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.#current[this.#used + digits] = COMMA;
    this.#used += digits + 1;
  }

  append(chunk: Uint8Array, start: number, end: number): void {
    let from = start;
    while (from < end) {
      this.#makeRoom(1);
      const to = Math.min(end, from + bufferBytes - this.#used);
      this.#current.set(chunk.subarray(from, to), this.#used);
      this.#used += to - from;
      from = to;
    }
  }

  endRow(): void {
    this.#makeRoom(1);
    this.#current[this.#used++] = LF;
  }

  /** The buffers filled since the last call. */
  takeFull(): readonly Buffer[] {
    if (this.#full.length === 0) return this.#full;
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** What is left at the end. */
  takeRest(): readonly Buffer[] {
    const rest = this.#current.subarray(0, this.#used);
    this.#used = 0;
    return rest.length > 0 ? [...this.takeFull(), rest] : this.takeFull();
  }

  #makeRoom(bytes: number): void {
    if (this.#used + bytes <= bufferBytes) return;
    this.#full.push(this.#current.subarray(0, this.#used));
    this.#current = Buffer.allocUnsafeSlow(bufferBytes);
    this.#used = 0;
  }
}

function countDigits(row: number): number {
  let digits = 1;
  for (let limit = 10; row >= limit; limit *= 10) digits++;
  return digits;
}
