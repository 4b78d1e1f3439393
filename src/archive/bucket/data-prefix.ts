import { AppError } from '../../errors.ts';
import { tablePrefix } from '../export/object-key.ts';
import { type ArchivedTable, type BucketDestination, keyBase, type StorageStep } from './archived-table.ts';
import { expiryDays, longestLockDays, manifestExpiryDays } from './lock-days.ts';
import { wantedSteps } from './wanted-steps.ts';

/** Keys that one lifecycle rule can speak of: all that begin alike. */
export interface DataPrefix {
  readonly prefix: string;
  /** The longest that anything under it is locked, from its upload. */
  readonly lockDays: number;
  readonly expiresAfterDays: number;
  readonly steps: readonly StorageStep[];
  /** Whether manifests lie under it as well. */
  readonly hasManifests: boolean;
}

/** S3 takes 1,000 rules; a hundred are left to manifests, housekeeping and whatever else is in the bucket. */
const MAX_DATA_RULES = 900;
/** In the layout `flat` a key begins with the year, `2026/01/…`; no source's name begins with a digit. */
const firstDigitsOfYears = ['1', '2'];

/**
 * One prefix a table; as many tables as S3 has no rules for share those of their schema or their source, as long as all of
 * them are to be treated alike; failing that, a source's tables share one that keeps everything as long as the longest.
 * @throws AppError BAD_INPUT when even so there are too many
 */
export function dataPrefixes(
  destination: Pick<BucketDestination, 'prefix'>,
  tables: readonly ArchivedTable[],
  maxRules = MAX_DATA_RULES,
): readonly DataPrefix[] {
  const base = keyBase(destination);
  const single = byPrefix(
    tables.filter(({ layout }) => layout === 'hive').map((table) => hivePrefix(destination, table)),
  );
  const flat = flatPrefixes(base, tables);
  const fits = (data: readonly DataPrefix[]) => data.length + flat.length <= maxRules;
  const coarser = [
    () => single,
    () => shared(single, schemaPart, 'alike'),
    () => shared(single, sourcePart, 'alike'),
    () => shared(single, sourcePart, 'all'),
  ];
  for (const group of coarser) {
    const data = group();
    if (fits(data)) return [...data, ...flat];
  }
  throw new AppError(
    'BAD_INPUT',
    `${single.length} tables of too many source databases: S3 takes 1,000 lifecycle rules a bucket; archive some of them to another bucket`,
  );
}

function hivePrefix({ prefix }: Pick<BucketDestination, 'prefix'>, table: ArchivedTable): DataPrefix {
  const lockDays = longestLockDays(table);
  const expiresAfterDays = expiryDays(lockDays);
  return {
    prefix: tablePrefix({ prefix, ...table }),
    lockDays,
    expiresAfterDays,
    steps: wantedSteps(table, expiresAfterDays),
    hasManifests: false,
  };
}

/**
 * The layout `flat` keeps tables and manifests of all kinds under one folder a month, which no prefix tells apart: so all
 * of it stays where it is, readable, as long as the longest of it.
 */
function flatPrefixes(base: string, tables: readonly ArchivedTable[]): readonly DataPrefix[] {
  const flat = tables.filter(({ layout }) => layout === 'flat');
  if (flat.length === 0) return [];
  const lockDays = Math.max(...flat.map(longestLockDays));
  const treated = { lockDays, expiresAfterDays: manifestExpiryDays(lockDays), steps: [], hasManifests: true };
  return firstDigitsOfYears.map((digit) => ({ prefix: `${base}${digit}`, ...treated }));
}

/** A table under two policies, say of rows and of snapshots, is one prefix. */
function byPrefix(data: readonly DataPrefix[]): readonly DataPrefix[] {
  return shared(data, ({ prefix }) => prefix, 'all');
}

function shared(
  data: readonly DataPrefix[],
  partOf: (one: DataPrefix) => string,
  which: 'alike' | 'all',
): readonly DataPrefix[] {
  const groups = Map.groupBy(data, partOf);
  return [...groups].flatMap(([prefix, group]) => {
    const isAlike = new Set(group.map(treatment)).size === 1;
    return isAlike || which === 'all' ? [joined(prefix, group)] : group;
  });
}

function treatment({ expiresAfterDays, steps }: DataPrefix): string {
  return JSON.stringify([expiresAfterDays, steps.map(({ days, storageClass }) => [days, storageClass])]);
}

function joined(prefix: string, group: readonly DataPrefix[]): DataPrefix {
  const [first, ...others] = group;
  const isOfAll = (step: StorageStep) => others.every(({ steps }) => steps.some((one) => isSameStep(one, step)));
  return {
    prefix,
    lockDays: Math.max(...group.map((one) => one.lockDays)),
    expiresAfterDays: Math.max(...group.map((one) => one.expiresAfterDays)),
    steps: first?.steps.filter(isOfAll) ?? [],
    hasManifests: false,
  };
}

function isSameStep(left: StorageStep, right: StorageStep): boolean {
  return left.days === right.days && left.storageClass === right.storageClass;
}

/** `archive/ledger/public.` of `archive/ledger/public.charges/`: a dot within a name is encoded. */
function schemaPart({ prefix }: DataPrefix): string {
  return prefix.slice(0, prefix.lastIndexOf('.') + 1);
}

function sourcePart({ prefix }: DataPrefix): string {
  return prefix.slice(0, prefix.lastIndexOf('/', prefix.length - 2) + 1);
}
