import type { WriterType } from '../../parquet/write/column.ts';

/** A column's type as a manifest names it. */
export function parquetTypeText(type: WriterType): string {
  return type.kind === 'decimal' ? `decimal(${type.precision},${type.scale})` : type.kind;
}
