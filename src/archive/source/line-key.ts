import { AppError } from '../../errors.ts';
import { boundColumns, type KeyOrder, nameOf } from './key-order.ts';
import type { TableDefinition } from './table-definition.ts';

/** What the lines of a table tell of the key order. */
export interface LineKey {
  /** The values of the bound columns of a line, as PostgreSQL's text. */
  boundOf(line: Uint8Array): readonly string[];
  /** Whether a range may end between two neighbouring lines: its bound then tells them apart. */
  mayCutBetween(before: Uint8Array, after: Uint8Array): boolean;
}

const tab = 9;
const newline = 10;

export function lineKey(definition: TableDefinition, key: KeyOrder): LineKey {
  const columns = boundColumns(key);
  const positions = columns.map((name) => definition.columns.findIndex((column) => column.name === name));
  const boundOf = (line: Uint8Array) => {
    const fields = fieldsAt(Buffer.from(line.buffer, line.byteOffset, line.byteLength), positions);
    return fields.map((field, i) => textOf(field, `${nameOf(definition)}.${columns[i]}`));
  };
  return {
    boundOf,
    mayCutBetween: (before, after) =>
      // The key is single; without one, rows of the same time cannot be told apart by a bound.
      key.keyColumns.length > 0 || (key.timeColumn !== null && boundOf(before)[0] !== boundOf(after)[0]),
  };
}

/** The raw fields at some positions of a line; in a line a tab is never part of a value. */
function fieldsAt(line: Buffer, positions: readonly number[]): readonly (Buffer | undefined)[] {
  const wanted = Math.max(...positions);
  const fields: Buffer[] = [];
  const end = line.at(-1) === newline ? line.length - 1 : line.length;
  for (let start = 0; fields.length <= wanted && start <= end; ) {
    const next = line.indexOf(tab, start);
    const fieldEnd = next < 0 ? end : next;
    fields.push(line.subarray(start, fieldEnd));
    start = fieldEnd + 1;
  }
  return positions.map((position) => fields[position]);
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** @see COPY, "Text Format": the escapes that the server writes. */
function textOf(field: Buffer | undefined, name: string): string {
  const text = field?.toString('utf8');
  if (text === undefined || text === '\\N')
    throw new AppError('INTERNAL', `a line has no value of the key column ${name}`);
  return text.includes('\\') ? text.replace(/\\([\s\S])/g, (_, escaped: string) => escapes[escaped] ?? escaped) : text;
}
