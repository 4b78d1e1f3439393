import { AppError } from '../../errors.ts';
import { ByteValues } from './byte-values.ts';
import type { WriterColumn } from './column.ts';
import { type ColumnChunk, encodeChunk } from './column-chunk.ts';
import type { Compression } from './compress.ts';
import { NotCanonical, writeUnescaped } from './fields/text.ts';
import { Levels } from './levels.ts';
import type { FieldBatch } from './line-batches.ts';
import { openValues } from './stored-type.ts';
import type { ColumnValues } from './value-encoding.ts';

const backslash = 92;
const capitalN = 78;

export interface EncodedColumn {
  readonly chunk: ColumnChunk;
  /** The texts of the values that the column's type would not give back; undefined where there are none. */
  readonly spill: ColumnChunk | undefined;
}

/** Gathers one column's values for the row group at hand. */
export class ColumnBuilder {
  readonly #column: WriterColumn;
  readonly #values: ColumnValues;
  readonly #levels = new Levels();
  #spill: { readonly values: ByteValues; readonly levels: Levels } | undefined;
  /** NULLs of the whole part. */
  nullCount = 0;

  constructor(column: WriterColumn) {
    this.#column = column;
    this.#values = openValues(column.type);
  }

  /**
   * Takes field `index` of every row of the batch. `firstRow` is the number of its first row within the part, from 1.
   * @throws AppError BAD_INPUT for text that PostgreSQL would have spelled otherwise
   */
  append({ bytes, ends, rowCount, columnCount }: FieldBatch, index: number, firstRow: number): void {
    const values = this.#values;
    const levels = this.#levels;
    for (let row = 0, field = index; row < rowCount; row++, field += columnCount) {
      const start = (ends[field] as number) + 1;
      const end = ends[field + 1] as number;
      if (end - start === 2 && bytes[start] === backslash && bytes[start + 1] === capitalN) {
        levels.add(0);
        this.nullCount++;
        continue;
      }
      try {
        if (values.take(bytes, start, end)) {
          levels.add(1);
          continue;
        }
        this.#spillField(bytes, start, end);
        levels.add(0);
      } catch (error) {
        throw error instanceof NotCanonical ? this.#notCanonical(firstRow + row) : error;
      }
    }
  }

  /** The row group's column; the next one begins. */
  encode(compression: Compression): EncodedColumn {
    const chunk = encodeChunk(this.#values, this.#levels, compression);
    const spill = this.#encodeSpill(compression);
    this.#values.reset();
    this.#levels.reset();
    return { chunk, spill };
  }

  #spillField(bytes: Uint8Array, start: number, end: number): void {
    this.#spill ??= { values: new ByteValues({ write: writeUnescaped, hasBounds: false }), levels: new Levels() };
    const { values, levels } = this.#spill;
    values.take(bytes, start, end);
    levels.fillTo(this.#levels.rowCount);
    levels.add(1);
  }

  #encodeSpill(compression: Compression): ColumnChunk | undefined {
    if (this.#spill === undefined || this.#spill.values.count === 0) return undefined;
    const { values, levels } = this.#spill;
    levels.fillTo(this.#levels.rowCount);
    const chunk = encodeChunk(values, levels, compression);
    values.reset();
    levels.reset();
    return chunk;
  }

  #notCanonical(row: number): AppError {
    const where = `column ${JSON.stringify(this.#column.name)}, row ${row}`;
    return new AppError('BAD_INPUT', `${where}: an escape or control character as COPY does not print it`);
  }
}
