import { InvalidArgumentError } from 'commander';
import { parsePeriod } from '../ingest/discover/period.ts';

/** An export as people name it. */
export interface ExportPath {
  readonly client: string;
  readonly name: string;
}

export function parseExportPath(text: string): ExportPath {
  const [client = '', name = '', ...more] = text.split('/');
  if (client === '' || name === '' || more.length > 0) {
    throw new InvalidArgumentError('Give CLIENT/EXPORT, such as acme/bills_cur (see billvault export list).');
  }
  return { client, name };
}

/** `acme` or `acme/bills_cur`. */
export function parseExportFilter(text: string): { readonly client: string; readonly export?: string } {
  if (!text.includes('/')) return { client: text };
  const { client, name } = parseExportPath(text);
  return { client, export: name };
}

/** @returns the first day of the month, `2024-01-01` */
export function parseMonth(text: string): string {
  const period = parsePeriod(text);
  if (period === undefined) throw new InvalidArgumentError('Give a month, such as 2024-01.');
  return period.start;
}

export function parseId(text: string): number {
  return parseWhole({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })(text);
}

export function parseWhole(range: { readonly minimum: number; readonly maximum: number }): (text: string) => number {
  const { minimum, maximum } = range;
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`Give a whole number from ${minimum} to ${maximum}.`);
  };
}

export function parseChoice<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    const chosen = choices.find((choice) => choice === text || choice === text.toUpperCase());
    if (chosen === undefined) throw new InvalidArgumentError(`Give one of ${choices.join(', ')}.`);
    return chosen;
  };
}
