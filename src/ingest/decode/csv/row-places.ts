/** Where rows came from: the part's name and the physical line on which the row begins, from 1. */
export interface RowPlace {
  readonly part: string;
  readonly line: number;
}

interface Shift extends RowPlace {
  readonly row: number;
}

/**
 * How many changes are remembered. PostgreSQL complains of rows that it was sent a few megabytes ago at most, so the
 * newest are the ones asked for; with more, a file of blank lines would grow our memory.
 */
const maxShifts = 65_536;

/**
 * From row numbers back to physical lines. Rows and lines advance together but where a cell holds line ends, a line is
 * blank or a part begins: only those are kept.
 */
export class RowPlaces {
  #shifts: Shift[] = [];
  #part = '';
  #difference = Number.NaN;

  /** Rows are added in order, each once. */
  add(row: number, part: string, line: number): void {
    if (line - row === this.#difference && part === this.#part) return;
    this.#difference = line - row;
    this.#part = part;
    this.#shifts.push({ row, part, line });
    if (this.#shifts.length >= 2 * maxShifts) this.#shifts = this.#shifts.slice(-maxShifts);
  }

  /** @returns undefined for a row that was not added, or too long ago */
  of(row: number): RowPlace | undefined {
    const shift = this.#shifts.findLast((candidate) => candidate.row <= row);
    return shift && { part: shift.part, line: shift.line + row - shift.row };
  }
}
