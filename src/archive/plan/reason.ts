import type { ErrorCode } from '../../errors.ts';
import { printable } from '../../printable.ts';

/** Why the plan says what it says of a table's month, or of a table. Shown and stored: added to, never renamed. */
export type Reason =
  | { readonly code: 'due'; readonly since: Date }
  | { readonly code: 'not-yet'; readonly until: Date }
  /** It was to be kept up to then: nothing can be locked into the past. */
  | { readonly code: 'retention-over'; readonly since: Date }
  /** Begun by a run that did not finish it. */
  | { readonly code: 'unfinished'; readonly state: 'PLANNED' | 'EXPORTED' }
  | { readonly code: 'failed-before'; readonly attempts: number; readonly error: string }
  | { readonly code: 'in-cooldown'; readonly until: Date }
  | { readonly code: 'already-archived'; readonly rows: number; readonly isPurged: boolean }
  /** More rows are there than are archived. */
  | { readonly code: 'late-rows'; readonly rows: number }
  /** Fewer are there, although nothing was purged. */
  | { readonly code: 'rows-gone'; readonly rows: number }
  /** The table is not what it was when it was last archived. */
  | { readonly code: 'schema-drifted'; readonly from: string; readonly to: string }
  // what keeps rows in the database
  | { readonly code: 'purge-off' }
  | { readonly code: 'held'; readonly hold: number; readonly reason: string; readonly until: Date | null }
  | { readonly code: 'restored-until'; readonly until: Date }
  | { readonly code: 'undo-window'; readonly until: Date }
  /** Its proof has to be read again, and lies in a cold class: readable copies were asked for. */
  | { readonly code: 'cold'; readonly since: Date }
  // of the table
  | { readonly code: 'denied'; readonly deniedBy: string }
  | { readonly code: 'policy-refused'; readonly message: string }
  /** The source refused what a plan has to ask of it, or the table is of a kind that cannot be archived. */
  | { readonly code: 'unreadable'; readonly error: ErrorCode; readonly message: string }
  | { readonly code: 'no-time-column'; readonly column: string }
  /** Its months were told by another column, and rows that lie in them are still in the table. */
  | { readonly code: 'time-column-changed'; readonly from: string; readonly to: string }
  | { readonly code: 'no-index'; readonly column: string; readonly sizeBytes: number; readonly isRefused: boolean }
  | { readonly code: 'no-primary-key' }
  | { readonly code: 'rows-without-month'; readonly nullTimeRows: number; readonly infiniteTimeRows: number }
  | { readonly code: 'nothing-there' };

export type ReasonCode = Reason['code'];

/** For people, on one line. */
export function reasonText(reason: Reason): string {
  switch (reason.code) {
    case 'due':
      return `due since ${day(reason.since)}`;
    case 'not-yet':
      return `not due until ${day(reason.until)}`;
    case 'retention-over':
      return `its retention ended on ${day(reason.since)}: what would be archived could not be locked, so it stays in the database`;
    case 'unfinished':
      return reason.state === 'PLANNED' ? 'begun, not all of it stored yet' : 'stored, not verified yet';
    case 'failed-before':
      return `failed ${reason.attempts} ${reason.attempts === 1 ? 'time' : 'times'}: ${printable(reason.error)}`;
    case 'in-cooldown':
      return `not tried again before ${minute(reason.until)}`;
    case 'already-archived':
      return `already archived${reason.isPurged ? ' and purged' : ''}, ${rowsOf(reason.rows)}`;
    case 'late-rows':
      return `${rowsOf(reason.rows)} ${reason.rows === 1 ? 'is' : 'are'} not archived yet`;
    case 'rows-gone':
      return `${count(reason.rows)} archived ${reason.rows === 1 ? 'row is' : 'rows are'} not in the table any more, and no purge deleted ${reason.rows === 1 ? 'it' : 'them'}`;
    case 'schema-drifted':
      return `the table's definition changed (${reason.from.slice(0, 8)} to ${reason.to.slice(0, 8)}): archived as it is now`;
    case 'purge-off':
      return 'the policy keeps rows in the database';
    case 'held':
      return `under hold ${reason.hold}${reason.until === null ? '' : ` until ${day(reason.until)}`} (${printable(reason.reason)}): not purged`;
    case 'restored-until':
      return `restored rows stay until ${day(reason.until)}`;
    case 'undo-window':
      return `purged rows can be put back until ${day(reason.until)}`;
    case 'cold':
      return `what proves it lies in a cold class: readable copies were asked for at ${minute(reason.since)}, and take up to 48 hours; the service goes on by itself then, or a run after that`;
    case 'denied':
      return `denied by "${printable(reason.deniedBy)}": never archived`;
    case 'policy-refused':
      return printable(reason.message);
    case 'unreadable':
      return `cannot be archived: ${printable(reason.message)}`;
    case 'time-column-changed':
      return `archived by "${printable(reason.from)}" so far: by "${printable(reason.to)}" rows would be archived twice, in two months; set timeColumn of its policy back`;
    case 'no-time-column':
      return `has no column "${printable(reason.column)}": set timeColumn of its policy`;
    case 'no-index':
      return `no index begins with "${printable(reason.column)}", every range reads the whole table (${megabytes(reason.sizeBytes)} MB)${reason.isRefused ? ': too large for that, create one first' : ''}`;
    case 'no-primary-key':
      return 'has no primary key: rows are ordered by time and text';
    case 'rows-without-month':
      return `${rowsOf(reason.nullTimeRows)} ${reason.nullTimeRows === 1 ? 'has' : 'have'} no time, ${count(reason.infiniteTimeRows)} an infinite or impossible one: never archived, never purged`;
    case 'nothing-there':
      return 'nothing there to archive';
  }
}

export function count(rows: number): string {
  return rows.toLocaleString('en-US');
}

/** `1 row`, `1,234 rows`. */
export function rowsOf(rows: number): string {
  return countOf(rows, 'row');
}

/** `1 part`, `1,234 parts`. */
export function countOf(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

function day(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

function minute(instant: Date): string {
  return `${instant.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function megabytes(bytes: number): string {
  return count(Math.ceil(bytes / 1_000_000));
}
