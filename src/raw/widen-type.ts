import type { ColumnType } from '../db/column-type.ts';

/**
 * The narrowest type that holds every value of both without loss of a digit, a sign or a zone. Whole numbers go into
 * numeric; everything else that differs goes into text (a double's -0, NaN and exponent, a date's lack of a time).
 */
export function widenType(held: ColumnType, found: ColumnType): ColumnType {
  if (held === found) return held;
  const pair = new Set([held, found]);
  return pair.has('bigint') && pair.has('numeric') ? 'numeric' : 'text';
}
