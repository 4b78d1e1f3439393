import { AwsError } from '../aws-error.ts';

export const storageClasses = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
] as const;

export type StorageClass = (typeof storageClasses)[number];

/** @throws AwsError InvalidStorageClass */
export function parseStorageClass(value: string | undefined): StorageClass {
  if (value === undefined) return 'STANDARD';
  const found = storageClasses.find((name) => name === value);
  if (found === undefined) throw new AwsError('InvalidStorageClass', 'no such storage class');
  return found;
}

/** Classes whose objects have to be restored before they can be read. */
export function isCold(storageClass: StorageClass): storageClass is 'GLACIER' | 'DEEP_ARCHIVE' {
  return storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE';
}
