import { maxIdentifierBytes } from '../../db/identifier.ts';

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** Two names with wildcards and the dot between them. */
const maxPatternLength = 2 * maxIdentifierBytes + 1;

export function tableText({ schema, table }: TableName): string {
  return `${schema}.${table}`;
}

/** Whether this can be the pattern of a table: one name, or two with a dot between them. */
export function isTablePattern(text: string): boolean {
  if (text.length > maxPatternLength || text !== text.trim() || /\p{Cc}/u.test(text)) return false;
  const { schema, table } = split(text, 'public');
  return schema !== '' && table !== '';
}

/** Which tables a policy reaches: `table` alone is `public.table`; names are compared as the catalog has them. */
export function matchesTable(pattern: string, name: TableName): boolean {
  const { schema, table } = split(pattern, 'public');
  return matches(schema, name.schema) && matches(table, name.table);
}

/** Which tables are denied: `table` alone is one of any schema, and upper case is no way around it. */
export function deniesTable(pattern: string, name: TableName): boolean {
  const { schema, table } = split(pattern.toLowerCase(), '*');
  return matches(schema, name.schema.toLowerCase()) && matches(table, name.table.toLowerCase());
}

/** At the first dot: a schema with a dot in its name is reached by `?`. */
function split(pattern: string, defaultSchema: string): TableName {
  const dot = pattern.indexOf('.');
  if (dot === -1) return { schema: defaultSchema, table: pattern };
  return { schema: pattern.slice(0, dot), table: pattern.slice(dot + 1) };
}

/**
 * `*` is any text, `?` one character. When a character does not fit, the last `*` takes one more; an earlier one never
 * needs to, so that the work is at most pattern × text, whatever is written.
 */
function matches(pattern: string, text: string): boolean {
  const wanted = [...pattern];
  const given = [...text];
  let star = -1;
  let taken = 0;
  let p = 0;
  let t = 0;
  while (t < given.length) {
    if (wanted[p] === '*') {
      star = p++;
      taken = t;
    } else if (p < wanted.length && (wanted[p] === '?' || wanted[p] === given[t])) {
      p++;
      t++;
    } else if (star !== -1) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return wanted.slice(p).every((character) => character === '*');
}
