import { isUtf8 } from 'node:buffer';
import { ValueProblem } from './problems.ts';
import type { TextSink } from './text-sink.ts';

const backslash = 92;

/** What a byte of UTF-8 text means to us, as bits that are collected over a value. */
export const marks = { nul: 1, control: 2, escape: 4, high: 8 } as const;

/**
 * What COPY's text format escapes (PostgreSQL, "COPY", file formats): backslash, and the control characters from backspace to
 * carriage return, each by its letter.
 */
const escapeLetters = new Map([
  [8, 98],
  [9, 116],
  [10, 110],
  [11, 118],
  [12, 102],
  [13, 114],
  [backslash, backslash],
]);
const letterOf = Uint8Array.from({ length: 256 }, (_, byte) => escapeLetters.get(byte) ?? 0);

const marksOfBytes = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0) return marks.nul;
  if (byte < 32) return escapeLetters.has(byte) ? marks.escape | marks.control : marks.control;
  if (byte === backslash) return marks.escape;
  return byte >= 128 ? marks.high : 0;
});

/**
 * Looks through a text value once: which kinds of bytes it has.
 * @throws ValueProblem for NUL, which PostgreSQL's text can't hold, and for what is not UTF-8
 */
export function examineText(bytes: Uint8Array, start: number, length: number): number {
  let found = 0;
  for (let i = start, end = start + length; i < end; i++) found |= marksOfBytes[bytes[i] as number] as number;
  if ((found & (marks.nul | marks.high)) !== 0) refuseBadText(bytes, start, length, found);
  return found;
}

function refuseBadText(bytes: Uint8Array, start: number, length: number, found: number): void {
  if ((found & marks.nul) !== 0) throw new ValueProblem('text', 'a NUL character, which PostgreSQL cannot store');
  if (!isUtf8(bytes.subarray(start, start + length))) throw new ValueProblem('text', 'text that is not UTF-8');
}

/** Raw text as a field of COPY's text format. */
export function writeCopyEscaped(bytes: Uint8Array, start: number, length: number, sink: TextSink): void {
  sink.ensure(length * 2);
  const out = sink.bytes;
  let at = sink.length;
  for (let i = start, end = start + length; i < end; i++) {
    const byte = bytes[i] as number;
    if (((marksOfBytes[byte] as number) & marks.escape) === 0) {
      out[at++] = byte;
      continue;
    }
    out[at++] = backslash;
    out[at++] = letterOf[byte] as number;
  }
  sink.length = at;
}

const hexDigits = Buffer.from('0123456789abcdef');

/** A JSON string of text that was examined, with its quotes (RFC 8259, section 7). */
export function writeJsonString(bytes: Uint8Array, start: number, length: number, sink: TextSink): void {
  sink.ensure(length * 6 + 2);
  const out = sink.bytes;
  let at = sink.length;
  out[at++] = 34;
  for (let i = start, end = start + length; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte === 34 || byte === backslash) {
      out[at++] = backslash;
      out[at++] = byte;
    } else if (byte >= 32) {
      out[at++] = byte;
    } else {
      out.set(unicodeEscapes.subarray(byte * 6, byte * 6 + 6), at);
      at += 6;
    }
  }
  out[at++] = 34;
  sink.length = at;
}

/** `\u0000` to `\u001f`, one after the other. */
const unicodeEscapes = Buffer.from(
  Array.from({ length: 32 }, (_, code) => `\\u${code.toString(16).padStart(4, '0')}`).join(''),
);

/** PostgreSQL's hex form of bytea: `\x4142`, the backslash not yet escaped. */
export function writeHex(bytes: Uint8Array, start: number, length: number, sink: TextSink): void {
  sink.ensure(length * 2 + 2);
  sink.byte(backslash);
  sink.byte(120);
  writeHexDigits(bytes, start, length, sink);
}

export function writeUuid(bytes: Uint8Array, start: number, sink: TextSink): void {
  let from = start;
  for (const groupBytes of [4, 2, 2, 2, 6]) {
    if (from > start) sink.byte(45);
    writeHexDigits(bytes, from, groupBytes, sink);
    from += groupBytes;
  }
}

function writeHexDigits(bytes: Uint8Array, start: number, length: number, sink: TextSink): void {
  sink.ensure(length * 2);
  for (let i = start, end = start + length; i < end; i++) {
    const byte = bytes[i] as number;
    sink.bytes[sink.length++] = hexDigits[byte >> 4] as number;
    sink.bytes[sink.length++] = hexDigits[byte & 15] as number;
  }
}
