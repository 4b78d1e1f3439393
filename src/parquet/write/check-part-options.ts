import { AppError } from '../../errors.ts';
import type { WriterColumn } from './column.ts';
import type { Compression } from './compress.ts';
import { maxColumns } from './limits.ts';
import type { PartOptions } from './part-encoder.ts';

const maxPrecision = 38;

/** @throws AppError BAD_INPUT */
export function checkPartOptions({ columns, compression }: PartOptions): void {
  checkColumns(columns);
  checkCompression(compression);
}

function checkColumns(columns: readonly WriterColumn[]): void {
  if (columns.length === 0 || columns.length > maxColumns) {
    throw new AppError('BAD_INPUT', `a part has 1 to ${maxColumns} columns, not ${columns.length}`);
  }
  const names = new Set<string>();
  for (const { name, type } of columns) {
    const quoted = JSON.stringify(name);
    if (name === '' || names.has(name)) throw new AppError('BAD_INPUT', `two columns of a part are called ${quoted}`);
    names.add(name);
    if (type.kind !== 'decimal') continue;
    const { precision, scale } = type;
    if (!isWithin(precision, 1, maxPrecision) || !isWithin(scale, 0, precision)) {
      throw new AppError('BAD_INPUT', `column ${quoted}: parquet has no decimal(${precision}, ${scale})`);
    }
  }
}

function checkCompression(compression: Compression): void {
  const maxLevels = { zstd: 22, gzip: 9 } as const;
  if (compression.codec !== 'zstd' && compression.codec !== 'gzip') return;
  const { codec, level } = compression;
  if (isWithin(level, 1, maxLevels[codec])) return;
  throw new AppError('BAD_INPUT', `${codec} has the levels 1 to ${maxLevels[codec]}, not ${level}`);
}

function isWithin(value: number, least: number, greatest: number): boolean {
  return Number.isInteger(value) && value >= least && value <= greatest;
}
