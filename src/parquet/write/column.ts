/**
 * How a column of a part is stored. Native kinds are those whose values come back spelled exactly as PostgreSQL printed them;
 * a single value that would not is kept beside as text. Everything else is `canonical`: the server's own text.
 */
export type WriterType =
  | {
      readonly kind:
        | 'boolean'
        | 'int2'
        | 'int4'
        | 'int8'
        | 'float4'
        | 'float8'
        | 'uuid'
        | 'bytea'
        | 'text'
        | 'json'
        | 'date'
        | 'timestamp'
        | 'timestamptz';
    }
  /** numeric(precision, scale): 1 ≤ precision ≤ 38, 0 ≤ scale ≤ precision. */
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'canonical' };

export interface WriterColumn {
  readonly name: string;
  readonly type: WriterType;
}
