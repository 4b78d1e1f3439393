import { type PricedClass, smallestMovedBytes } from './prices.ts';

export interface LifecycleMove {
  /** After the upload. */
  readonly afterDays: number;
  readonly storageClass: PricedClass;
}

/** Where a part goes after its upload; by days ascending. */
export const defaultLifecycle: readonly LifecycleMove[] = [
  { afterDays: 90, storageClass: 'GLACIER_IR' },
  { afterDays: 365, storageClass: 'DEEP_ARCHIVE' },
];

/** A stretch of days `[fromDay, toDay)` after the upload, in one class. */
export interface ClassStay {
  readonly storageClass: PricedClass;
  readonly fromDay: number;
  readonly toDay: number;
}

export interface PathQuestion {
  readonly firstClass: PricedClass;
  readonly lifecycle: readonly LifecycleMove[];
  /** From the upload to the end of the retention. */
  readonly storedDays: number;
  /** Of one object: small ones stay where they are. */
  readonly objectBytes: bigint;
}

/** The classes that an object passes through, in order. A move to the class that it is in already is none. */
export function classStays({ firstClass, lifecycle, storedDays, objectBytes }: PathQuestion): readonly ClassStay[] {
  const moves = objectBytes < smallestMovedBytes ? [] : lifecycle.filter(({ afterDays }) => afterDays < storedDays);
  const starts = [{ afterDays: 0, storageClass: firstClass }, ...moves].filter(
    ({ storageClass }, i, all) => all[i - 1]?.storageClass !== storageClass,
  );
  return starts
    .map(({ storageClass, afterDays }, i) => {
      return { storageClass, fromDay: afterDays, toDay: starts[i + 1]?.afterDays ?? storedDays };
    })
    .filter(({ fromDay, toDay }) => toDay > fromDay);
}

/** The class of an object of this age. */
export function classAt(question: Omit<PathQuestion, 'storedDays'>, ageDays: number): PricedClass {
  return classStays({ ...question, storedDays: ageDays + 1 }).at(-1)?.storageClass ?? question.firstClass;
}
