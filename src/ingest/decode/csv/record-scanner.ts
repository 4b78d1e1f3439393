import { AppError, type ErrorCode } from '../../../errors.ts';

const NUL = 0;
const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;

export interface ScannerStart {
  /** What messages call the text. */
  readonly name: string;
  /** Physical line of the first byte, from 1. */
  readonly line: number;
  /** Position of the first byte in the text, from 0. */
  readonly byte: number;
}

/**
 * Finds where records end, in one pass over chunks cut anywhere. The rule is PostgreSQL's for `format csv`: every double
 * quote toggles, and a line end outside quotes ends the record. What PostgreSQL would read by dropping or moving quotes
 * (a quote inside an unquoted cell, text after a closing quote) is refused instead, so that no two readers can differ;
 * so are NUL bytes and a carriage return that is no part of a CRLF (RFC 4180, section 2).
 */
export class RecordScanner {
  readonly #name: string;
  #line: number;
  #recordLine: number;
  #quoteLine = 0;
  /** Position of the chunk being scanned. */
  #byte: number;
  #inQuotes = false;
  #carriageReturn = false;
  /** The byte before the one scanned next; a record begins as after a comma. */
  #previous = COMMA;

  /** Of the last `scan`: where in the chunk the record's own bytes end, and where to scan on. */
  contentEnd = 0;
  next = 0;

  constructor(start: ScannerStart) {
    this.#name = start.name;
    this.#line = start.line;
    this.#recordLine = start.line;
    this.#byte = start.byte;
  }

  /** Physical line on which the record being scanned begins. */
  get recordLine(): number {
    return this.#recordLine;
  }

  /** Physical line that the scan has reached. */
  get line(): number {
    return this.#line;
  }

  /** Position of the chunk being scanned in the text. */
  get byte(): number {
    return this.#byte;
  }

  /**
   * Scans one chunk from `from` (less than its length) to the end of the record or of the chunk, whichever comes first.
   * @returns whether the record ended; its bytes in this chunk are those from `from` to `contentEnd`
   * @throws AppError CSV_INVALID, TEXT_INVALID, with line and byte
   */
  scan(chunk: Uint8Array, from: number): boolean {
    const { length } = chunk;
    if (this.#carriageReturn) return this.#endAfterCarriageReturn(chunk, from);
    if (this.#previous === QUOTE && !this.#inQuotes) this.#checkAfterQuote(chunk[from] as number, from);
    let inQuotes = this.#inQuotes;
    for (let i = from; i < length; i++) {
      const byte = chunk[i] as number;
      // almost every byte ends here: all that matters is no greater than the quote
      if (byte > QUOTE) continue;
      if (byte === QUOTE) {
        if (inQuotes) {
          inQuotes = false;
          if (i + 1 < length) this.#checkAfterQuote(chunk[i + 1] as number, i + 1);
        } else {
          const before = i > from ? chunk[i - 1] : this.#previous;
          if (before !== COMMA && before !== QUOTE) throw this.#quoteInsideCell(i);
          inQuotes = true;
          if (before === COMMA) this.#quoteLine = this.#line;
        }
      } else if (byte === LF) {
        this.#line++;
        if (!inQuotes) return this.#endRecord(chunk, i, i + 1);
      } else if (byte === CR) {
        if (inQuotes) continue;
        if (i + 1 === length) {
          this.#carriageReturn = true;
          return this.#leaveChunk(chunk, i, inQuotes);
        }
        if (chunk[i + 1] !== LF) throw this.#loneCarriageReturn(i);
        this.#line++;
        return this.#endRecord(chunk, i, i + 2);
      } else if (byte === NUL) {
        throw this.#refuse('TEXT_INVALID', 'a NUL byte, which no text in PostgreSQL can hold', i);
      }
    }
    return this.#leaveChunk(chunk, length, inQuotes);
  }

  /** The text is over: @throws AppError CSV_INVALID when a quote is still open */
  finish(): void {
    if (this.#inQuotes) {
      const text = `a quote opened on line ${this.#quoteLine} is never closed`;
      throw new AppError('CSV_INVALID', `${this.#name}, line ${this.#quoteLine}: ${text}`);
    }
    if (this.#carriageReturn) throw this.#loneCarriageReturn(-1);
  }

  #endRecord(chunk: Uint8Array, contentEnd: number, next: number): true {
    this.#inQuotes = false;
    this.#previous = COMMA;
    this.#recordLine = this.#line;
    this.contentEnd = contentEnd;
    this.next = next;
    if (next === chunk.length) this.#byte += next;
    return true;
  }

  #leaveChunk(chunk: Uint8Array, contentEnd: number, inQuotes: boolean): false {
    this.#inQuotes = inQuotes;
    this.#previous = chunk[chunk.length - 1] as number;
    this.contentEnd = contentEnd;
    this.next = chunk.length;
    this.#byte += chunk.length;
    return false;
  }

  #endAfterCarriageReturn(chunk: Uint8Array, from: number): true {
    if (chunk[from] !== LF) throw this.#loneCarriageReturn(from - 1);
    this.#carriageReturn = false;
    this.#line++;
    return this.#endRecord(chunk, from, from + 1);
  }

  #checkAfterQuote(byte: number, at: number): void {
    if (byte === COMMA || byte === QUOTE || byte === LF || byte === CR) return;
    throw this.#refuse('CSV_INVALID', 'text after the closing quote of a cell', at);
  }

  #quoteInsideCell(at: number): AppError {
    return this.#refuse('CSV_INVALID', 'a quote inside a cell that does not begin with one', at);
  }

  #loneCarriageReturn(at: number): AppError {
    return this.#refuse('CSV_INVALID', 'a carriage return outside quotes without a line feed after it', at);
  }

  #refuse(code: ErrorCode, text: string, at: number): AppError {
    return new AppError(code, `${this.#name}, line ${this.#line}, byte ${this.#byte + at}: ${text}`);
  }
}
