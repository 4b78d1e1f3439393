import { appendFileSync, closeSync, createReadStream, existsSync, ftruncateSync, openSync, renameSync } from 'node:fs';
import { AppError } from '../../errors.ts';
import type { Change } from './change.ts';
import { blockBytes } from './limits.ts';

/**
 * A file of changes, one JSON text a line. A line is with the operating system before the change is made, and so before
 * it is answered: a stand-in that is killed forgets nothing that it has acknowledged.
 */
export class Journal {
  readonly #path: string;
  #file: { readonly descriptor: number; sizeBytes: number } | undefined;
  #isClosed = false;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Adds a change. Does nothing before `rewrite`, so that reading a journal back does not write it again, and throws after
   * `close`, so that a request that is cut off in the middle changes nothing any more.
   */
  readonly note = (change: Change): void => {
    if (this.#isClosed) throw new AppError('CANCELLED', 'the sandbox is closing');
    if (this.#file === undefined) return;
    const line = Buffer.from(`${JSON.stringify(change)}\n`);
    try {
      // Synchronous: some microseconds into the page cache, and no other request can come between line and change.
      appendFileSync(this.#file.descriptor, line);
    } catch (error) {
      // Half a line on a full disk must not spoil the next one.
      ftruncateSync(this.#file.descriptor, this.#file.sizeBytes);
      throw error;
    }
    this.#file.sizeBytes += line.length;
  };

  /** The changes noted so far, oldest first. @throws AppError INTERNAL naming a line that is not one of ours */
  async *read(): AsyncGenerator<Change, void, undefined> {
    if (!existsSync(this.#path)) return;
    let lineNumber = 0;
    for await (const line of wholeLines(this.#path)) {
      lineNumber += 1;
      yield parse(line, `${this.#path}:${lineNumber}`);
    }
  }

  /** Replaces the journal by a shorter one that comes to the same, and notes every change from now on. */
  rewrite(changes: Iterable<Change>): void {
    const next = new Journal(`${this.#path}.new`);
    next.#file = { descriptor: openSync(next.#path, 'w'), sizeBytes: 0 };
    for (const change of changes) next.note(change);
    renameSync(next.#path, this.#path);
    if (this.#file !== undefined) closeSync(this.#file.descriptor);
    this.#file = next.#file;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file.descriptor);
    this.#file = undefined;
    this.#isClosed = true;
  }
}

/** Without the last line if it has no end: it was being written when the process was killed, and never acknowledged. */
async function* wholeLines(path: string): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const piece of createReadStream(path, { encoding: 'utf8', highWaterMark: blockBytes })) {
    const lines = `${rest}${piece}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

function parse(line: string, place: string): Change {
  try {
    return JSON.parse(line) as Change;
  } catch (error) {
    throw new AppError('INTERNAL', `the sandbox cannot read ${place}: not JSON`, { cause: error });
  }
}
