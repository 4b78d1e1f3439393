import type { ArchivedTable, StorageStep } from './archived-table.ts';

/** From warm to cold: by lifecycle an object only ever goes on in this list. */
const classesByColdness = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'INTELLIGENT_TIERING',
  'ONEZONE_IA',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
];

const defaultSteps: readonly StorageStep[] = [
  { days: 90, storageClass: 'GLACIER_IR' },
  { days: 365, storageClass: 'DEEP_ARCHIVE' },
];

/** What S3 charges for at the least, in days (S3 pricing, "minimum storage duration"). */
const minimumDays: Readonly<Record<string, number>> = {
  STANDARD_IA: 30,
  ONEZONE_IA: 30,
  GLACIER_IR: 90,
  GLACIER: 90,
  DEEP_ARCHIVE: 180,
};

/** The steps of a table's parts: those that lead on from the class of the upload, and pay before the parts expire. */
export function wantedSteps(
  { storageClass, steps = defaultSteps }: ArchivedTable,
  expiresAfterDays: number,
): readonly StorageStep[] {
  return steps.filter(
    (step) =>
      coldness(step.storageClass) > coldness(storageClass) &&
      step.days + (minimumDays[step.storageClass] ?? 0) < expiresAfterDays,
  );
}

function coldness(storageClass: string): number {
  return classesByColdness.indexOf(storageClass);
}
