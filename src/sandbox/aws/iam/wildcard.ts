const anyRun = Symbol('*');
const anyOne = Symbol('?');
type Piece = string | typeof anyRun | typeof anyOne;

/** IAM's pattern, taken apart into single characters, `*` for any run of them and `?` for any one. */
export type Pattern = readonly Piece[];

/** What a policy writes for a character that would mean something else. */
const escapes: Readonly<Record<string, string>> = { '*': '*', '?': '?', $: '$' };
const pieces = /\$\{([^}]*)\}|./gs;

/** A policy variable that the stand-in does not know. */
export class UnknownVariable extends Error {}

/**
 * @param hasVariables whether `${*}`, `${?}` and `${$}` stand for the characters in them, as they do in the elements that
 *   take policy variables ("IAM policy elements: Variables and tags", IAM user guide)
 * @throws UnknownVariable for any other `${…}`
 */
export function parsePattern(text: string, hasVariables: boolean): Pattern {
  if (!hasVariables) return text.split('').map(toPiece);
  return [...text.matchAll(pieces)].map(([piece, variable]) => {
    if (variable === undefined) return toPiece(piece);
    const character = escapes[variable];
    if (character === undefined) throw new UnknownVariable(`policy variable ${piece} is not known here`);
    return character;
  });
}

/** The pattern as text, for operators to which a wildcard is a character like any other. */
export function literalText(pattern: Pattern): string {
  return pattern.map((piece) => (typeof piece === 'string' ? piece : piece.description)).join('');
}

/** Runs in steps of the product of both lengths at most, as a hostile pattern must not hang us. */
export function matchesPattern(pattern: Pattern, value: string): boolean {
  let patternAt = 0;
  let valueAt = 0;
  let starAt = -1;
  let starValueAt = 0;
  while (valueAt < value.length) {
    const expected = pattern[patternAt];
    if (expected === anyRun) {
      starAt = patternAt;
      starValueAt = valueAt;
      patternAt += 1;
    } else if (expected === anyOne || expected === value[valueAt]) {
      patternAt += 1;
      valueAt += 1;
    } else if (starAt !== -1) {
      starValueAt += 1;
      valueAt = starValueAt;
      patternAt = starAt + 1;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === anyRun) patternAt += 1;
  return patternAt === pattern.length;
}

function toPiece(character: string): Piece {
  if (character === '*') return anyRun;
  return character === '?' ? anyOne : character;
}
