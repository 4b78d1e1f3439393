import { createHash } from 'node:crypto';
import { AppError } from '../../errors.ts';

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** A manifest nests eight levels, a definition about as many; the recursion below has to be finite. */
export const maxJsonDepth = 64;

/**
 * A value's one JSON text (RFC 8785): names sorted by UTF-16 code unit, no spaces, only the escapes that JSON demands.
 * Numbers are integers that a double holds exactly, so that no two parsers read them differently; members that are
 * undefined are left out.
 * @throws AppError MANIFEST_INVALID for what has no such text: fractions, unpaired surrogates, too deep a nesting
 */
export function canonicalJson(value: unknown): string {
  return textOf(value, 0);
}

/** SHA-256 of the canonical JSON's UTF-8, in lower-case hex. */
export function canonicalSha256(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

function textOf(value: unknown, depth: number): string {
  if (depth > maxJsonDepth) throw invalid(`nests deeper than ${maxJsonDepth} levels`);
  if (value === null) return 'null';
  switch (typeof value) {
    case 'boolean':
      return String(value);
    case 'number':
      return integerText(value);
    case 'string':
      return quoted(value);
    case 'object':
      return Array.isArray(value)
        ? `[${value.map((item) => textOf(item, depth + 1)).join(',')}]`
        : `{${membersOf(value, depth + 1).join(',')}}`;
    default:
      throw invalid(`holds a ${typeof value}`);
  }
}

function membersOf(value: object, depth: number): readonly string[] {
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
    throw invalid(`holds a ${value.constructor.name}`);
  }
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${quoted(name)}:${textOf(member, depth)}`);
}

function integerText(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  throw invalid(`holds ${value}, which is no integer that every parser reads alike`);
}

function quoted(text: string): string {
  // Unpaired surrogates have no UTF-8.
  if (!text.isWellFormed()) throw invalid('holds text that is not Unicode');
  return JSON.stringify(text);
}

function invalid(what: string): AppError {
  return new AppError('MANIFEST_INVALID', `a JSON value ${what}: it has no canonical form`);
}
