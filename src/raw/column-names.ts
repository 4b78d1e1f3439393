import { createHash } from 'node:crypto';
import { maxIdentifierBytes } from '../db/identifier.ts';
import { AppError } from '../errors.ts';

/** Column names that are ours, and those of PostgreSQL that no table may have. */
export const deliveryIdColumn = '_delivery_id';
export const fileIdColumn = '_file_id';
export const rowColumn = '_row';
export const moreColumn = '_more';

const taken = new Set([
  deliveryIdColumn,
  fileIdColumn,
  rowColumn,
  moreColumn,
  'tableoid',
  'xmin',
  'cmin',
  'xmax',
  'cmax',
  'ctid',
]);

const digestLength = 8;

/** One column of a file: the name it has there, and which of several of that very name it is, from 1. */
export interface NamedColumn {
  readonly sourceName: string;
  readonly occurrence: number;
}

/** The record of the columns is looked up by their names: an index of PostgreSQL's takes 2,704 bytes. */
const maxNameBytes = 2_000;

/**
 * Tells the columns of one header apart, in order; NUL, which PostgreSQL holds nowhere, is written as U+2400.
 * @throws AppError HEADER_INVALID for a name that is too long to be recorded
 */
export function nameColumns(header: readonly string[]): readonly NamedColumn[] {
  const seen = new Map<string, number>();
  return header.map((name, index) => {
    const bytes = Buffer.byteLength(name);
    if (bytes > maxNameBytes) {
      const text = `the name of column ${index + 1}, ${JSON.stringify(name.slice(0, 60))} …, has ${bytes} bytes; at most ${maxNameBytes} are taken`;
      throw new AppError('HEADER_INVALID', text);
    }
    const sourceName = name.replaceAll('\0', '␀');
    const occurrence = (seen.get(name) ?? 0) + 1;
    seen.set(name, occurrence);
    return { sourceName, occurrence: name === sourceName ? occurrence : occurrence + nulOffset(name) };
  });
}

/** `a<NUL>` and `a␀` are two names: an occurrence far above any real one keeps them two columns. */
function nulOffset(name: string): number {
  return 1_000_000 + (createHash('sha256').update(name).digest().readUInt32BE(0) % 1_000_000_000);
}

/**
 * The column's name in PostgreSQL: its own, where PostgreSQL can bear it; otherwise a stable one of the same look with a
 * digest of the whole, so that the same source column has the same name in every month.
 */
export function columnNameOf({ sourceName, occurrence }: NamedColumn): string {
  const plain = occurrence === 1 ? sourceName : `${sourceName}~${occurrence}`;
  if (plain !== '' && !taken.has(plain) && Buffer.byteLength(plain) <= maxIdentifierBytes) return plain;
  const digest = createHash('sha256').update(`${occurrence}:${sourceName}`).digest('hex').slice(0, digestLength);
  const stem = sourceName === '' ? 'unnamed' : cutToBytes(sourceName, maxIdentifierBytes - digestLength - 1);
  return `${stem}~${digest}`;
}

/** The longest start of `text` that takes at most `bytes` bytes of UTF-8, without cutting a character. */
function cutToBytes(text: string, bytes: number): string {
  let result = '';
  let used = 0;
  for (const character of text) {
    used += Buffer.byteLength(character);
    if (used > bytes) break;
    result += character;
  }
  return result;
}
