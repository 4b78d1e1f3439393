import { divideUp, type NanoDollars } from './money.ts';
import { classPrices, coldRetrieval, type PricedClass, type RestoreTier } from './prices.ts';
import { monthlyStorageCost, perGigabyte, type StoredBytes } from './storage-cost.ts';

export interface RestoreQuestion extends StoredBytes {
  readonly storageClass: PricedClass;
  /** Of a cold class. */
  readonly tier: RestoreTier;
  /** For which a cold object's readable copy is kept. */
  readonly days: number;
}

export interface RestoreCost {
  /** Until the last object can be read, at the latest; 0 where they can be read now. */
  readonly waitHours: number;
  readonly requests: NanoDollars;
  readonly retrieval: NanoDollars;
  /** The readable copies of cold objects lie in STANDARD meanwhile. */
  readonly copies: NanoDollars;
  readonly total: NanoDollars;
}

/** A part is read in requests of at least this size. */
const readBytes = 1_048_576n;
const daysOfYear = 365n;
const monthsOfYear = 12n;

/** What reading these objects costs, and how long it takes before it can begin; into the bucket's own region. */
export function restoreCost({ bytes, objects, storageClass, tier, days }: RestoreQuestion): RestoreCost {
  const prices = classPrices[storageClass];
  const cold = coldRetrieval[storageClass]?.[tier];
  const reads = objects + divideUp(bytes, readBytes);
  // The copy of a cold object is read at the price of STANDARD.
  const requests = objects * (cold?.perObject ?? 0n) + reads * (cold === undefined ? prices : classPrices.STANDARD).get;
  const retrieval = perGigabyte(bytes, cold?.perGigabyte ?? prices.retrieval);
  const monthly = monthlyStorageCost({ bytes, objects, storageClass: 'STANDARD', idleDays: 0 });
  const copies = cold === undefined ? 0n : divideUp(monthly * monthsOfYear * BigInt(days), daysOfYear);
  return { waitHours: cold?.waitHours ?? 0, requests, retrieval, copies, total: requests + retrieval + copies };
}
