/**
 * The PostgreSQL types that a raw column may have: the smallest set into which everything that a billing file holds
 * goes without loss (DESIGN D2).
 */
export const columnTypes = [
  'boolean',
  'bigint',
  'double precision',
  'numeric',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'bytea',
  'jsonb',
  'text',
] as const;

export type ColumnType = (typeof columnTypes)[number];

/** A source column: its own name, and the type that loses nothing of it. */
export interface SourceColumn {
  readonly name: string;
  readonly type: ColumnType;
}
