import type { StorageStep } from '../bucket/archived-table.ts';
import { type ClassStay, classStays } from './class-stays.ts';
import { divideUp, type NanoDollars } from './money.ts';
import {
  classPrices,
  coldOverhead,
  coldRetrieval,
  intelligentMonitoring,
  intelligentTiers,
  type PricedClass,
  smallestMovedBytes,
} from './prices.ts';

export const gigabyte = 1_073_741_824n;
const monthsOfYear = 12n;
const daysOfYear = 365n;

/** Objects of about one size, as the parts of a table are. */
export interface StoredBytes {
  readonly bytes: bigint;
  readonly objects: bigint;
}

export interface MonthlyQuestion extends StoredBytes {
  readonly storageClass: PricedClass;
  /** Days since an object was uploaded or read; of Intelligent-Tiering only. */
  readonly idleDays: number;
}

/** What storing them costs a month (of 365 / 12 days). */
export function monthlyStorageCost({ bytes, objects, storageClass, idleDays }: MonthlyQuestion): NanoDollars {
  const prices = classPrices[storageClass];
  const billed = larger(bytes, objects * BigInt(prices.minimumBytes));
  if (storageClass === 'INTELLIGENT_TIERING') {
    const isWatched = bytes >= objects * BigInt(smallestMovedBytes);
    const tier = intelligentTiers.findLast(({ afterDays }) => isWatched && afterDays <= idleDays);
    const monitoring = isWatched ? objects * intelligentMonitoring : 0n;
    return monitoring + perGigabyte(bytes, tier?.storage ?? prices.storage);
  }
  if (coldRetrieval[storageClass] === undefined) return perGigabyte(billed, prices.storage);
  const inClass = billed + objects * BigInt(coldOverhead.inClassBytes);
  const inStandard = objects * BigInt(coldOverhead.inStandardBytes);
  return perGigabyte(inClass, prices.storage) + perGigabyte(inStandard, classPrices.STANDARD.storage);
}

export interface RetentionQuestion extends StoredBytes {
  /** The policy's. */
  readonly storageClass: PricedClass;
  /** Of the bucket's lifecycle, as wantedSteps() has them. */
  readonly steps: readonly StorageStep[];
  /** From the upload to the end of the retention. */
  readonly storedDays: number;
}

export interface StayCost extends ClassStay {
  readonly storage: NanoDollars;
  /** Of moving the objects there. */
  readonly transition: NanoDollars;
}

export interface RetentionCost {
  /** Putting the objects, and reading them back as their proof. */
  readonly upload: NanoDollars;
  readonly stays: readonly StayCost[];
  readonly total: NanoDollars;
}

/** What an archive costs from its upload until it expires, if nobody reads it after its proof. */
export function retentionCost({ bytes, objects, storageClass, steps, storedDays }: RetentionQuestion): RetentionCost {
  const { put, get, retrieval } = classPrices[storageClass];
  const upload = objects * (put + get) + perGigabyte(bytes, retrieval);
  const objectBytes = objects === 0n ? 0n : bytes / objects;
  const stays = classStays({ storageClass, steps, storedDays, objectBytes }).map((stay) => ({
    ...stay,
    storage: stayCost({ bytes, objects }, stay),
    transition: stay.storageClass === storageClass ? 0n : objects * classPrices[stay.storageClass].transition,
  }));
  const total = stays.reduce((sum, stay) => sum + stay.storage + stay.transition, upload);
  return { upload, stays, total };
}

/** Intelligent-Tiering's price falls during the stay; a class with a minimum is paid for at least that long. */
function stayCost(stored: StoredBytes, { storageClass, fromDay, toDay }: ClassStay): NanoDollars {
  const days = Math.max(toDay - fromDay, classPrices[storageClass].minimumDays);
  const bounds = storageClass === 'INTELLIGENT_TIERING' ? intelligentTiers.map(({ afterDays }) => afterDays) : [0];
  return bounds
    .filter((from) => from < days)
    .map((from, i, all) => {
      const length = (all[i + 1] ?? days) - from;
      const monthly = monthlyStorageCost({ ...stored, storageClass, idleDays: from });
      return divideUp(monthly * monthsOfYear * BigInt(length), daysOfYear);
    })
    .reduce((sum, cost) => sum + cost, 0n);
}

export function perGigabyte(bytes: bigint, price: NanoDollars): NanoDollars {
  return divideUp(bytes * price, gigabyte);
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
