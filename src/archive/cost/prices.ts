import { AppError } from '../../errors.ts';
import { dollars, type NanoDollars } from './money.ts';

/**
 * List prices of S3 in us-east-1, in US dollars without tax, from aws.amazon.com/s3/pricing. The first step of each
 * scale (up to 50 TB a month), so that an estimate is rather too high; other regions cost up to about twice as much.
 * Without data transfer: reading from the bucket's own region is free, into the internet it is $0.09 a GB.
 */
export const pricesOf = { date: '2025-06', region: 'us-east-1', page: 'https://aws.amazon.com/s3/pricing/' } as const;

export const pricedClasses = [
  'STANDARD',
  'INTELLIGENT_TIERING',
  'STANDARD_IA',
  'ONEZONE_IA',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
] as const;

export type PricedClass = (typeof pricedClasses)[number];

/** @throws AppError BAD_INPUT for a class without a price */
export function pricedClass(storageClass: string): PricedClass {
  const found = pricedClasses.find((priced) => priced === storageClass);
  if (found !== undefined) return found;
  throw new AppError(
    'BAD_INPUT',
    `storage class "${storageClass}" has no price: known are ${pricedClasses.join(', ')}`,
  );
}

export interface ClassPrices {
  /** A GB (2^30 bytes) for a month. */
  readonly storage: NanoDollars;
  /** One request each. */
  readonly put: NanoDollars;
  readonly get: NanoDollars;
  /** Moving one object into this class by the lifecycle. */
  readonly transition: NanoDollars;
  /** Reading a GB out of it. */
  readonly retrieval: NanoDollars;
  /** A smaller object is billed as if it had these bytes. */
  readonly minimumBytes: number;
  /** An object that leaves sooner is billed for these days. */
  readonly minimumDays: number;
}

const perThousand = (price: string) => dollars(price) / 1_000n;
const kibibyte = 1_024;

export const classPrices: Readonly<Record<PricedClass, ClassPrices>> = {
  STANDARD: {
    storage: dollars('0.023'),
    put: perThousand('0.005'),
    get: perThousand('0.0004'),
    transition: 0n,
    retrieval: 0n,
    minimumBytes: 0,
    minimumDays: 0,
  },
  // Its price falls with the time since the last read: see intelligentTiers.
  INTELLIGENT_TIERING: {
    storage: dollars('0.023'),
    put: perThousand('0.005'),
    get: perThousand('0.0004'),
    transition: perThousand('0.01'),
    retrieval: 0n,
    minimumBytes: 0,
    minimumDays: 0,
  },
  STANDARD_IA: {
    storage: dollars('0.0125'),
    put: perThousand('0.01'),
    get: perThousand('0.001'),
    transition: perThousand('0.01'),
    retrieval: dollars('0.01'),
    minimumBytes: 128 * kibibyte,
    minimumDays: 30,
  },
  ONEZONE_IA: {
    storage: dollars('0.01'),
    put: perThousand('0.01'),
    get: perThousand('0.001'),
    transition: perThousand('0.01'),
    retrieval: dollars('0.01'),
    minimumBytes: 128 * kibibyte,
    minimumDays: 30,
  },
  GLACIER_IR: {
    storage: dollars('0.004'),
    put: perThousand('0.02'),
    get: perThousand('0.01'),
    transition: perThousand('0.02'),
    retrieval: dollars('0.03'),
    minimumBytes: 128 * kibibyte,
    minimumDays: 90,
  },
  GLACIER: {
    storage: dollars('0.0036'),
    put: perThousand('0.03'),
    get: perThousand('0.0004'),
    transition: perThousand('0.03'),
    retrieval: 0n,
    minimumBytes: 0,
    minimumDays: 90,
  },
  DEEP_ARCHIVE: {
    storage: dollars('0.00099'),
    put: perThousand('0.05'),
    get: perThousand('0.0004'),
    transition: perThousand('0.05'),
    retrieval: 0n,
    minimumBytes: 0,
    minimumDays: 180,
  },
};

/** Intelligent-Tiering: the price of an object that was not read since so many days. */
export const intelligentTiers = [
  { afterDays: 0, storage: dollars('0.023') },
  { afterDays: 30, storage: dollars('0.0125') },
  { afterDays: 90, storage: dollars('0.004') },
] as const;
/** A month, for each object that it watches; it watches, and moves, none below 128 KiB. */
export const intelligentMonitoring = perThousand('0.0025');

/** The lifecycle moves no smaller object, unless it is told to. */
export const smallestMovedBytes = 128 * kibibyte;

/** An object in a cold class has an index there, and its name in STANDARD. */
export const coldOverhead = { inClassBytes: 32 * kibibyte, inStandardBytes: 8 * kibibyte } as const;

/** No Expedited: DEEP_ARCHIVE has none, and a restore of an archive is never that urgent. */
export type RestoreTier = 'Standard' | 'Bulk';

export interface ColdRetrieval {
  /** After this the objects can be read, at the latest. */
  readonly waitHours: number;
  readonly perObject: NanoDollars;
  readonly perGigabyte: NanoDollars;
}

/** Classes whose objects have to be asked for before they can be read. */
export const coldRetrieval: Readonly<Partial<Record<PricedClass, Readonly<Record<RestoreTier, ColdRetrieval>>>>> = {
  GLACIER: {
    Standard: { waitHours: 5, perObject: perThousand('0.05'), perGigabyte: dollars('0.01') },
    Bulk: { waitHours: 12, perObject: 0n, perGigabyte: 0n },
  },
  DEEP_ARCHIVE: {
    Standard: { waitHours: 12, perObject: perThousand('0.10'), perGigabyte: dollars('0.02') },
    Bulk: { waitHours: 48, perObject: perThousand('0.025'), perGigabyte: dollars('0.0025') },
  },
};
