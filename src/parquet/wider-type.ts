/**
 * The file holds a value that its column's type cannot take (a nanosecond, a year that PostgreSQL has not). Copy the
 * file's rows again with the column in `asText`: then the exact text of every value is given.
 */
export class WiderTypeNeeded extends Error {
  readonly column: string;
  readonly to = 'text';

  constructor(column: string, message: string) {
    super(message);
    this.name = 'WiderTypeNeeded';
    this.column = column;
  }
}
