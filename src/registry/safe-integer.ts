import { AppError } from '../errors.ts';

/**
 * Ids, row counts and byte counts leave the database as bigint and are numbers in our code; one that a number cannot
 * hold exactly is an error, never a rounded value.
 */
export function safeInteger(value: bigint): number {
  const result = Number(value);
  if (!Number.isSafeInteger(result))
    throw new AppError('INTERNAL', `${value} is beyond the exact integers of a number`);
  return result;
}

export function safeIntegerOrNull(value: bigint | null): number | null {
  return value === null ? null : safeInteger(value);
}
