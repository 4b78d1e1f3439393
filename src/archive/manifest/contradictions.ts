import { combinedDigest } from './combined-digest.ts';
import { definitionDigest } from './definition-digest.ts';
import type { Manifest, ManifestDeletion, ManifestFile, ManifestRange, ManifestReplaced } from './manifest.ts';
import { schemaVersion } from './schema-version.ts';

/**
 * Where a manifest disagrees with itself: sums of rows, combined digests, definitions. A signature says who wrote it,
 * not that it is right.
 */
export function contradictionsOf(manifest: Omit<Manifest, 'signature'>): readonly string[] {
  return [
    ...definitionContradictions(manifest),
    ...previousContradictions(manifest),
    ...manifest.files.flatMap((file) => fileContradictions(file, manifest)),
    ...(manifest.replaced ?? []).flatMap((part) => replacedContradictions(part, manifest)),
    ...[...unitsOf(manifest.files)].flatMap(([name, files]) => unitContradictions(name, files)),
    ...manifest.deletions.flatMap(deletionContradictions),
  ];
}

function definitionContradictions({ definitions, schema_version }: Omit<Manifest, 'signature'>): string[] {
  const found = Object.entries(definitions)
    .filter(([sha256, definition]) => definitionDigest(definition) !== sha256)
    .map(([sha256]) => `definition ${sha256} is another one`);
  if (schemaVersion(definitions) !== schema_version) found.push('schema_version is not that of its definitions');
  return found;
}

function previousContradictions({ sequence, previous }: Omit<Manifest, 'signature'>): string[] {
  if ((previous?.sequence ?? 0) + 1 === sequence) return [];
  return [`manifest ${sequence} names ${previous?.sequence ?? 'none'} as the one before`];
}

function fileContradictions(file: ManifestFile, manifest: Omit<Manifest, 'signature'>): string[] {
  const name = `part ${file.part} of ${file.table}`;
  const found: string[] = [];
  if (!Object.hasOwn(manifest.definitions, file.definition_sha256)) found.push(`${name} has no definition`);
  if (rowsOf(file.ranges) !== file.records) found.push(`${name} has not the rows of its ranges`);
  if (!isAscending(file.ranges.map((range) => range.ordinal))) found.push(`${name} has ranges out of order`);
  if (file.null_counts.length !== file.columns.length) found.push(`${name} has not a null count for every column`);
  return found;
}

/** What was replaced counts no more: a version that is both would be read, and not be what it is said to be. */
function replacedContradictions(part: ManifestReplaced, { files }: Omit<Manifest, 'signature'>): string[] {
  const { s3_key, version_id, table, by } = part;
  const name = `replaced part ${part.part} of ${table}`;
  const found: string[] = [];
  if (files.some((file) => file.s3_key === s3_key && file.version_id === version_id)) {
    found.push(`${name}, version ${version_id}, is named as a part as well`);
  }
  if ((by.round === null) === (by.version_id === null)) found.push(`${name} has not one thing that stands for it`);
  return found;
}

/** A table's files by unit: the same month may be archived monthly and as a snapshot. */
function unitsOf(files: readonly ManifestFile[]): ReadonlyMap<string, readonly ManifestFile[]> {
  return Map.groupBy(files, ({ table, unit }) => `${table} (${unit.mode})`);
}

function unitContradictions(name: string, files: readonly ManifestFile[]): string[] {
  const rows = files.reduce((sum, file) => sum + file.records, 0);
  const digest = combinedDigest(files.map((file) => file.digest));
  const found: string[] = [];
  if (!isAscending(files.map((file) => file.part))) found.push(`${name} has parts out of order, or twice`);
  for (const { unit } of files) {
    if (unit.parts !== files.length) found.push(`${name} has ${files.length} parts, not ${unit.parts}`);
    else if (unit.rows !== rows) found.push(`${name} has ${rows} rows in its parts, not ${unit.rows}`);
    else if (unit.digest !== digest) found.push(`${name} has not the digest of its parts`);
    if (found.length > 0) break;
  }
  return found;
}

function deletionContradictions({ table, period, ranges, rows, digest }: ManifestDeletion): string[] {
  const name = `the deletion from ${table} of ${period}`;
  if (rowsOf(ranges) !== rows) return [`${name} has not the rows of its ranges`];
  return combinedDigest(ranges.map((range) => range.sha256)) === digest ? [] : [`${name} has not their digest`];
}

function rowsOf(ranges: readonly ManifestRange[]): number {
  return ranges.reduce((sum, range) => sum + range.rows, 0);
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0));
}
