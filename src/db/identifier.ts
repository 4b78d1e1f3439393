import { AppError } from '../errors.ts';

/** PostgreSQL cuts identifiers at NAMEDATALEN - 1 bytes. */
export const maxIdentifierBytes = 63;

/**
 * The one quoter of SQL identifiers. Whatever it is given, the result names exactly that one thing.
 * @throws AppError BAD_INPUT for what PostgreSQL can't name: empty, longer than 63 bytes, or holding NUL
 */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > maxIdentifierBytes) {
    throw new AppError('BAD_INPUT', `not a PostgreSQL identifier: ${JSON.stringify(name.slice(0, 200))}`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** `"schema"."table"`. */
export function quoteQualified(schema: string, table: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

/** A string constant, for the few statements that take no parameters (comments, defaults, checks). */
export function quoteLiteral(value: string): string {
  if (value.includes('\0')) throw new AppError('BAD_INPUT', 'a PostgreSQL string constant cannot hold NUL');
  const quoted = `'${value.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return value.includes('\\') ? `E${quoted}` : quoted;
}
