import { AppError } from '../../errors.ts';

/** The month that a made-up export is of, with what its rows and paths say of it. */
export interface Month {
  /** `2026-05`. */
  readonly text: string;
  readonly year: number;
  /** From 1. */
  readonly number: number;
  readonly startMillis: number;
  readonly endMillis: number;
  readonly hours: number;
}

export const hourMillis = 3_600_000;

/** @throws AppError BAD_INPUT for what is not `YYYY-MM` */
export function monthOf(text: string): Month {
  const found = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text);
  if (found === null) throw new AppError('BAD_INPUT', `not a month: ${text}`);
  const [year, number] = [Number(found[1]), Number(found[2])];
  const startMillis = Date.UTC(year, number - 1, 1);
  const endMillis = Date.UTC(year, number, 1);
  return { text, year, number, startMillis, endMillis, hours: (endMillis - startMillis) / hourMillis };
}

/** `20260501-20260601`, the end exclusive. */
export function rangeText({ startMillis, endMillis }: Month): string {
  return `${dayText(startMillis)}-${dayText(endMillis)}`;
}

function dayText(millis: number): string {
  return new Date(millis).toISOString().slice(0, 10).replaceAll('-', '');
}
