import type { ByteSink } from '../byte-sink.ts';
import { hexByte } from './hex.ts';

const backslash = 92;

/**
 * The one spelling that PostgreSQL's COPY gives each of these bytes; it writes no other escape, and writes none of them as
 * they are (its source, commands/copyto.c, CopyAttributeOutText).
 */
const escapes = new Map([
  [98, 8],
  [116, 9],
  [110, 10],
  [118, 11],
  [102, 12],
  [114, 13],
  [backslash, backslash],
]);
const unescaped = Uint8Array.from({ length: 256 }, (_, byte) => escapes.get(byte) ?? 0);
const escapedBytes = new Set(escapes.values());
const isSpecial = Uint8Array.from({ length: 256 }, (_, byte) => (escapedBytes.has(byte) ? 1 : 0));

/** A field that PostgreSQL would have spelled otherwise: its exact bytes could not be given back. */
export class NotCanonical extends Error {}

/** Appends the text that a field stands for, whatever it is. @throws NotCanonical */
export function writeUnescaped(bytes: Uint8Array, start: number, end: number, sink: ByteSink): true {
  sink.ensure(end - start);
  const out = sink.bytes;
  let to = sink.length;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (isSpecial[byte] === 0) {
      out[to++] = byte;
      continue;
    }
    const value = byte === backslash && i + 1 < end ? (unescaped[bytes[++i] as number] as number) : 0;
    if (value === 0) throw new NotCanonical();
    out[to++] = value;
  }
  sink.length = to;
  return true;
}

/** Appends the bytes of a bytea field, `\\x0aff`; false for another form. */
export function writeFromHex(bytes: Uint8Array, start: number, end: number, sink: ByteSink): boolean {
  const from = start + 3;
  if (end < from || (end - from) % 2 !== 0) return false;
  if (bytes[start] !== backslash || bytes[start + 1] !== backslash || bytes[start + 2] !== 120) return false;
  sink.ensure((end - from) / 2);
  const out = sink.bytes;
  let to = sink.length;
  for (let i = from; i < end; i += 2) {
    const byte = hexByte(bytes, i);
    if (byte > 255) return false;
    out[to++] = byte;
  }
  sink.length = to;
  return true;
}
