import { AppError } from '../../errors.ts';
import type { RecoveredDeletion } from '../../registry/archive/recover-manifest.ts';
import type { RecoveredPart, RecoveredReplacement } from '../../registry/archive/recover-replaced.ts';
import type { RecoveredUnit } from '../../registry/archive/recover-unit.ts';
import type { PartEncryption } from '../../registry/archive/unit-record.ts';
import type { Prisma } from '../../registry/generated/client.ts';
import type { Manifest, ManifestFile, ManifestReplaced } from '../manifest/manifest.ts';
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

/** By what the manifest has of them; one that is not in it was not found. */
export type FoundParts = ReadonlyMap<ManifestFile | ManifestReplaced, FoundPart>;

/**
 * The units that a manifest names, as the registry had them when it was made; what it does not say of their policies (how
 * large parts become, when and how fast they are archived) is as a new policy has it.
 * @throws AppError MANIFEST_INVALID
 */
export function recoveredUnits(manifest: Manifest, found: FoundParts): readonly RecoveredUnit[] {
  const units = Map.groupBy(manifest.files, ({ table, unit }) => JSON.stringify([table, unit.mode]));
  return [...units.values()].map((files) => recoveredUnit(manifest, files, found));
}

function recoveredUnit(manifest: Manifest, files: readonly ManifestFile[], found: FoundParts): RecoveredUnit {
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
    round: Math.max(
      ...files.map(({ round }) => round),
      ...departed.map(({ round }) => round),
      ...(manifest.replaced ?? []).filter((part) => part.table === table).map(({ by }) => by.round ?? 1),
    ),
    digest: unit.digest,
    retainUntil: new Date(Math.max(...files.map(({ retain_until }) => Date.parse(retain_until)))),
    provedAt: new Date(manifest.created_at),
    parts: files.map((file) => ({ ...recoveredPart(manifest, file, found.get(file)), versionId: file.version_id })),
    replaced: (manifest.replaced ?? [])
      .filter((part) => part.table === table && part.mode === unit.mode)
      .map((part) => recoveredReplacement(manifest, part, found.get(part))),
    departed,
  };
}

/** The reason begins with its code. */
const whyPattern = /^([A-Z_]+): ([\s\S]*)$/;

function recoveredReplacement(
  manifest: Manifest,
  part: ManifestReplaced,
  found: FoundPart | undefined,
): RecoveredReplacement {
  const { version_id, by, why, who, when } = part;
  const [, code = 'PROOF_FAILED', text = why] = whyPattern.exec(why) ?? [];
  return {
    // A version that is not there has no hold and no expiry to look after.
    part: { ...recoveredPart(manifest, part, found), versionId: code === 'FILE_MISSING' ? null : version_id },
    newOrdinal: by.part,
    versionId: version_id,
    newVersionId: by.version_id,
    round: by.round,
    isSame: by.same_rows,
    code,
    text,
    actor: who,
    at: new Date(when),
  };
}

function recoveredPart(
  { definitions }: Manifest,
  file: Omit<ManifestFile, 'unit' | 'version_id'>,
  found: FoundPart = { legalHold: false, isExpired: false },
): Omit<RecoveredPart, 'versionId'> {
  const definition = definitions[file.definition_sha256] as unknown as TableDefinition;
  return {
    ordinal: file.part,
    round: file.round,
    bucket: file.bucket,
    key: file.s3_key,
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

function encryptionOf({ encryption }: Pick<ManifestFile, 'encryption'>): PartEncryption {
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
