import { AppError } from '../../errors.ts';
import type { RecoveredDeletion } from '../../registry/archive/recover-manifest.ts';
import type { RecoveredPart, RecoveredUnit } from '../../registry/archive/recover-unit.ts';
import type { PartEncryption } from '../../registry/archive/unit-record.ts';
import type { Prisma } from '../../registry/generated/client.ts';
import type { Manifest, ManifestFile } from '../manifest/manifest.ts';
import { parsePolicy } from '../policy/parse-policy.ts';
import type { Policy } from '../policy/policy.ts';
import { isTablePattern } from '../policy/table-pattern.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import { writerColumns } from '../source/writer-columns.ts';

/** How a part's object was found. */
export interface FoundPart {
  readonly legalHold: boolean;
  readonly isExpired: boolean;
}

/**
 * The units that a manifest names, as the registry had them when it was made; what it does not say of their policies (how
 * large parts become, when and how fast they are archived) is as a new policy has it.
 * @throws AppError MANIFEST_INVALID
 */
export function recoveredUnits(
  manifest: Manifest,
  found: ReadonlyMap<ManifestFile, FoundPart>,
): readonly RecoveredUnit[] {
  const units = Map.groupBy(manifest.files, ({ table, unit }) => JSON.stringify([table, unit.mode]));
  return [...units.values()].map((files) => recoveredUnit(manifest, files, found));
}

function recoveredUnit(
  manifest: Manifest,
  files: readonly ManifestFile[],
  found: ReadonlyMap<ManifestFile, FoundPart>,
): RecoveredUnit {
  const last = files.at(-1);
  if (last === undefined) throw new AppError('INTERNAL', 'a unit without parts was to be recovered');
  const { table, unit } = last;
  const departed = manifest.departed
    .filter((row) => row.table === table && unit.mode === 'monthly')
    .map(({ round, range, row_sha256, count }) => ({ round, rangeOrdinal: range ?? 1, rowSha256: row_sha256, count }));
  const policy = recoveredPolicy(manifest, last);
  return {
    source: manifest.source,
    ...splitTable(manifest, last),
    month: manifest.period,
    mode: unit.mode,
    policyName: policy.name,
    policy: policy as unknown as Prisma.InputJsonObject,
    timeColumn: unit.time_column,
    keyColumns: unit.key_columns,
    round: Math.max(...files.map(({ round }) => round), ...departed.map(({ round }) => round)),
    digest: unit.digest,
    retainUntil: new Date(Math.max(...files.map(({ retain_until }) => Date.parse(retain_until)))),
    provedAt: new Date(manifest.created_at),
    parts: files.map((file) => recoveredPart(manifest, file, found.get(file))),
    departed,
  };
}

function recoveredPart(
  { definitions }: Manifest,
  file: ManifestFile,
  found: FoundPart = { legalHold: false, isExpired: false },
): RecoveredPart {
  const definition = definitions[file.definition_sha256] as unknown as TableDefinition;
  return {
    ordinal: file.part,
    round: file.round,
    bucket: file.bucket,
    key: file.s3_key,
    versionId: file.version_id,
    sizeBytes: file.size_bytes,
    textBytes: file.text_bytes,
    sha256: file.sha256,
    digest: file.digest,
    rows: file.records,
    definitionSha256: file.definition_sha256,
    ranges: file.ranges,
    columns: writerColumns(definition) as unknown as Prisma.InputJsonValue,
    spills: file.spills,
    nullCounts: file.null_counts,
    compression: file.compression,
    storageClass: file.storage_class,
    encryption: encryptionOf(file),
    lockMode: file.lock_mode,
    retainUntil: new Date(file.retain_until),
    ...found,
  };
}

function encryptionOf({ encryption }: ManifestFile): PartEncryption {
  const { unconfirmed } = encryption;
  const asked =
    encryption.algorithm === 'AES256'
      ? ({ algorithm: 'AES256' } as const)
      : ({ algorithm: 'aws:kms', keyId: encryption.key_id } as const);
  return unconfirmed === undefined ? asked : { ...asked, unconfirmed };
}

function recoveredPolicy(manifest: Manifest, file: ManifestFile): Policy {
  const { table, unit, compression, storage_class: storageClass, lock_mode: lockMode } = file;
  const policy = manifest.policies.find((one) => one.table === table && one.mode === unit.mode);
  if (policy === undefined) {
    throw new AppError(
      'MANIFEST_INVALID',
      `manifest ${manifest.sequence} of ${manifest.source} has no policy of ${table}`,
    );
  }
  const { name, retention_years: retentionYears, classification, compliance, layout } = policy;
  return parsePolicy({
    name,
    source: manifest.source,
    tables: [isTablePattern(table) ? table : '*.*'],
    mode: unit.mode,
    ...(unit.time_column === null ? {} : { timeColumn: unit.time_column }),
    classification,
    retentionYears,
    compliance,
    purge: policy.purge,
    compression,
    storageClass,
    layout,
    lockMode,
  });
}

/** By the definition, because a dot may be part of either name. */
function splitTable({ definitions }: Manifest, { table, definition_sha256 }: ManifestFile) {
  const { schema, table: name } = definitions[definition_sha256] as unknown as TableDefinition;
  if (`${schema}.${name}` === table) return { schema, table: name };
  throw new AppError('MANIFEST_INVALID', `the definition of ${table} is that of ${schema}.${name}`);
}

/** One by one, as the registry has them. @param tables every table of the source by its text, with both its names */
export function recoveredDeletions(
  { deletions }: Manifest,
  tables: ReadonlyMap<string, Pick<RecoveredDeletion, 'schema' | 'table'>>,
): readonly RecoveredDeletion[] {
  return deletions.flatMap(({ table, period, round, ranges, who, when, method }) => {
    const name = tables.get(table);
    if (name === undefined) return [];
    return ranges.map(({ ordinal, rows, sha256 }) => ({
      ...name,
      month: period,
      round,
      rangeOrdinal: ordinal,
      rows,
      digest: sha256,
      method,
      actor: who,
      at: new Date(when),
    }));
  });
}
