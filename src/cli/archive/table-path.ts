import { InvalidArgumentError } from 'commander';
import { isTablePattern } from '../../archive/policy/table-pattern.ts';

/** Tables of source databases as people name them. */
export interface TablePath {
  /** Undefined: of any source. */
  readonly source: string | undefined;
  /** `schema.table`. */
  readonly table: string;
}

const wildcard = /[*?]/;

/** `ledger/public.charges`, or `public.charges` of any source; `*` stands for any text, `?` for one character. */
export function parseTablePattern(text: string): TablePath {
  const slash = text.indexOf('/');
  const source = slash === -1 ? undefined : text.slice(0, slash);
  const table = text.slice(slash + 1);
  if (source === '' || !isTablePattern(table)) {
    throw new InvalidArgumentError('Give SOURCE/SCHEMA.TABLE, such as ledger/public.charges.');
  }
  return { source, table: table.includes('.') ? table : `public.${table}` };
}

/** One table, without wildcards. */
export function parseTablePath(text: string): TablePath {
  const path = parseTablePattern(text);
  if (wildcard.test(path.table)) throw new InvalidArgumentError('Give one table by its name, without * and ?.');
  return path;
}

/** One table of one source. */
export function parseSourceTable(text: string): TablePath & { readonly source: string } {
  const { source, table } = parseTablePath(text);
  if (source === undefined) {
    throw new InvalidArgumentError('Give SOURCE/SCHEMA.TABLE, such as ledger/public.charges.');
  }
  return { source, table };
}

/** `ledger`, or one of its tables. */
export function parseSourcePath(text: string): { readonly source: string; readonly table: string | undefined } {
  return text.includes('/') ? parseSourceTable(text) : { source: text, table: undefined };
}

/** At the first dot, as patterns are read. */
export function namesOf(table: string): { readonly schema: string; readonly table: string } {
  const dot = table.indexOf('.');
  return { schema: table.slice(0, dot), table: table.slice(dot + 1) };
}
