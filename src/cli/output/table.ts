import Table from 'cli-table3';
import { printable } from '../../printable.ts';

export interface Column<T> {
  readonly title: string;
  readonly align?: 'left' | 'right';
  readonly of: (row: T) => string | null;
}

const none = '';
/** One line under the titles, and nothing else that is not data. */
const chars = {
  top: none,
  'top-mid': none,
  'top-left': none,
  'top-right': none,
  bottom: none,
  'bottom-mid': none,
  'bottom-left': none,
  'bottom-right': none,
  left: none,
  'left-mid': none,
  mid: '─',
  'mid-mid': '──',
  right: none,
  'right-mid': none,
  middle: '  ',
};

const style = { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 };

/** Rows for people. Whatever the cells hold, it stays on its line. */
export function table<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const head = columns.map(({ title }) => title);
  const drawn = new Table({ head, chars, style, colAligns: columns.map(({ align }) => align ?? 'left') });
  for (const row of rows) drawn.push(columns.map(({ of }) => printable(of(row) ?? '')));
  return trimLines(drawn.toString());
}

/** One thing in full: a name and its value on each line. */
export function facts(entries: readonly (readonly [name: string, value: string | number | boolean | null])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  const lines = entries.map(([name, value]) => `${name.padEnd(width)}  ${printable(String(value ?? '–'))}`);
  return trimLines(lines.join('\n'));
}

function trimLines(text: string): string {
  return text.replace(/ +$/gm, '');
}
