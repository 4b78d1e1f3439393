import type { StorageStep } from '../bucket/archived-table.ts';
import { type PricedClass, pricedClass, smallestMovedBytes } from './prices.ts';

/** A stretch of days `[fromDay, toDay)` after the upload, in one class. */
export interface ClassStay {
  readonly storageClass: PricedClass;
  readonly fromDay: number;
  readonly toDay: number;
}

export interface StaysQuestion {
  /** In which the object is uploaded. */
  readonly storageClass: PricedClass;
  /** Of the bucket's lifecycle, as wantedSteps() has them: by days ascending, ever colder. */
  readonly steps: readonly StorageStep[];
  /** From the upload to the end of the retention. */
  readonly storedDays: number;
  /** Of one object: small ones stay where they are. */
  readonly objectBytes: bigint;
}

/**
 * The classes that an object passes through, in order.
 * @throws AppError BAD_INPUT for a class without a price
 */
export function classStays({ storageClass, steps, storedDays, objectBytes }: StaysQuestion): readonly ClassStay[] {
  const moves = objectBytes < smallestMovedBytes ? [] : steps.filter(({ days }) => days < storedDays);
  const stops = [
    { days: 0, storageClass },
    ...moves.map((move) => ({ ...move, storageClass: pricedClass(move.storageClass) })),
  ];
  return stops
    .map((stop, i) => {
      return { storageClass: stop.storageClass, fromDay: stop.days, toDay: stops[i + 1]?.days ?? storedDays };
    })
    .filter(({ fromDay, toDay }) => toDay > fromDay);
}

/** The class of an object of this age. */
export function classAt(question: Omit<StaysQuestion, 'storedDays'>, ageDays: number): PricedClass {
  return classStays({ ...question, storedDays: ageDays + 1 }).at(-1)?.storageClass ?? question.storageClass;
}
