const firstRows = 1024;

/** Which rows of the row group at hand have a value: parquet's definition levels of a column that may be null. */
export class Levels {
  /** 1 for a value, 0 for none; valid up to `rowCount`. */
  values: Uint8Array = new Uint8Array(firstRows);
  rowCount = 0;

  add(level: 0 | 1): void {
    if (this.rowCount === this.values.length) this.#grow(this.rowCount + 1);
    this.values[this.rowCount++] = level;
  }

  /** Rows without a value up to, not including, `row`. */
  fillTo(row: number): void {
    if (row > this.values.length) this.#grow(row);
    this.values.fill(0, this.rowCount, row);
    this.rowCount = row;
  }

  reset(): void {
    this.rowCount = 0;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.values.length * 2));
    grown.set(this.values.subarray(0, this.rowCount));
    this.values = grown;
  }
}
