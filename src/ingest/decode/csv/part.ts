/**
 * One CSV text with a header of its own: a whole object, or one entry of a zip. `name` is what messages call it.
 * The bytes can be iterated once, and come in order; each chunk's memory is handed over with it.
 */
export interface CsvPart {
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}
