import { createHash, type Hash } from 'node:crypto';

/** A finished range: how many lines, their digest, and the key tuple of the last one. */
export interface CutRange {
  readonly rows: number;
  readonly sha256: string;
  readonly upper: readonly string[];
}

/** What becomes of a chunk of lines: pieces of it, and between them the ends of ranges. */
export type Cut =
  | { readonly kind: 'lines'; readonly bytes: Buffer; readonly rows: number }
  | { readonly kind: 'range'; readonly range: CutRange };

export interface RangeCutterOptions {
  /** A range ends with the first line that fills either; it gets longer only where it may not be cut. */
  readonly rangeRows: number;
  readonly rangeBytes: number;
  /** Whether a range may end between these two neighbours. */
  readonly mayCutBetween: (before: Buffer, after: Buffer) => boolean;
  /** The key tuple of a line, as PostgreSQL's text. */
  readonly boundOf: (line: Buffer) => readonly string[];
}

const newline = 10;

/**
 * Cuts a stream of canonical lines into ranges. Where it cuts depends on the lines alone, never on how they came in
 * chunks: the same rows give the same ranges.
 */
export class RangeCutter {
  readonly #options: RangeCutterOptions;
  #hash: Hash = createHash('sha256');
  #rows = 0;
  #bytes = 0;
  /** The last line of the chunk before; its memory is its own. */
  #last: Buffer = Buffer.alloc(0);

  constructor(options: RangeCutterOptions) {
    this.#options = options;
  }

  /** @param chunk whole lines */
  *cut(chunk: Buffer): Generator<Cut, void> {
    let pieceStart = 0;
    let pieceRows = 0;
    let lastStart = -1;
    for (let lineStart = 0; lineStart < chunk.length; ) {
      const lineEnd = chunk.indexOf(newline, lineStart) + 1;
      if (this.#isFull) {
        const last = lastStart < 0 ? this.#last : chunk.subarray(lastStart, lineStart);
        if (this.#options.mayCutBetween(last, chunk.subarray(lineStart, lineEnd))) {
          if (pieceRows > 0) yield this.#piece(chunk.subarray(pieceStart, lineStart), pieceRows);
          yield { kind: 'range', range: this.#close(last) };
          pieceStart = lineStart;
          pieceRows = 0;
        }
      }
      this.#rows++;
      this.#bytes += lineEnd - lineStart;
      pieceRows++;
      lastStart = lineStart;
      lineStart = lineEnd;
    }
    if (pieceRows > 0) {
      this.#last = Buffer.from(chunk.subarray(lastStart));
      yield this.#piece(chunk.subarray(pieceStart), pieceRows);
    }
  }

  /** The range that was under way when the lines ended. */
  end(): CutRange | undefined {
    return this.#rows === 0 ? undefined : this.#close(this.#last);
  }

  get #isFull(): boolean {
    return this.#rows >= this.#options.rangeRows || this.#bytes >= this.#options.rangeBytes;
  }

  #piece(bytes: Buffer, rows: number): Cut {
    this.#hash.update(bytes);
    return { kind: 'lines', bytes, rows };
  }

  #close(last: Buffer): CutRange {
    const range = { rows: this.#rows, sha256: this.#hash.digest('hex'), upper: this.#options.boundOf(last) };
    this.#hash = createHash('sha256');
    this.#rows = 0;
    this.#bytes = 0;
    return range;
  }
}
