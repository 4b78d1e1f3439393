import type { Note } from './change.ts';

/**
 * The server's time: the machine's, plus what a test has added. Sessions, retention, restores and lifecycle follow it; the
 * check of a request's own clock does not, because advancing it means that time has passed for the client as well.
 */
export class Clock {
  readonly #note: Note;
  #aheadMs = 0;

  constructor(note: Note) {
    this.#note = note;
  }

  nowMs(): number {
    return Date.now() + this.#aheadMs;
  }

  advance(seconds: number): void {
    this.#note({ kind: 'time', seconds });
    this.#aheadMs += seconds * 1000;
  }

  get aheadMs(): number {
    return this.#aheadMs;
  }
}
