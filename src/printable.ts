/**
 * Control characters of every kind (C0, DEL, C1), and the marks that turn text around: a key or a header of a client's
 * bucket could move the cursor of the terminal that shows it, or show something else than it says.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text on one line, with nothing in it that a terminal would act on: such characters are shown as `\u001b`. */
export function printable(text: string): string {
  return text.replace(unprintable, escapeCharacter);
}

/** JSON that may be shown in a terminal: the same document, with such characters escaped. */
export function printableJson(value: unknown): string {
  // JSON.stringify leaves no raw control character but its own line breaks.
  return JSON.stringify(value, null, 2).replace(unprintable, (character) =>
    character === '\n' ? character : escapeCharacter(character),
  );
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
