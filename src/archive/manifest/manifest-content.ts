import type { WriterColumn } from '../../parquet/write/column.ts';
import type { DeletionRecord } from '../../registry/archive/deletion.ts';
import type { Hold } from '../../registry/archive/hold.ts';
import type { ManifestRecord } from '../../registry/archive/manifest.ts';
import type { PartRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import type { Policy } from '../policy/policy.ts';
import { pinnedSettings } from '../source/session-settings.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import { combinedDigest } from './combined-digest.ts';
import type {
  ManifestColumn,
  ManifestContent,
  ManifestDeletion,
  ManifestFile,
  ManifestHold,
  ManifestPolicy,
  ManifestReplaced,
} from './manifest.ts';
import { parquetTypeText } from './parquet-type-text.ts';

export interface ManifestFacts {
  readonly source: string;
  /** `2026-01`. */
  readonly month: string;
  readonly now: Date;
  readonly previous: Pick<ManifestRecord, 'sha256' | 'sequence' | 'key' | 'retainUntil'> | undefined;
  /** The month's units; only their verified parts are named. */
  readonly units: readonly WholeUnit[];
  /** By `definitionSha256`, of every part. */
  readonly definitions: ReadonlyMap<string, TableDefinition>;
  /** Those that no manifest names yet, of any month, each with its unit. */
  readonly deletions: readonly {
    readonly deletion: DeletionRecord;
    readonly unit: Pick<WholeUnit, 'schema' | 'table' | 'month'>;
  }[];
  /** In force. */
  readonly holds: readonly Hold[];
}

/** A message of ours holds a key at the most, which S3 ends at 1,024 bytes. */
const maxWhyLength = 4_000;

/** What the month's manifest says, from what the registry knows: the same facts give the same content. */
export function manifestContent(facts: ManifestFacts): ManifestContent {
  const { source, month, now, previous, units } = facts;
  const files = units.flatMap((unit) => filesOf(unit, facts.definitions));
  const replaced = units.flatMap((unit) => replacedOf(unit, facts.definitions));
  const policies = units.map(policyOf);
  return {
    created_at: now.toISOString(),
    source,
    sequence: (previous?.sequence ?? 0) + 1,
    period: month,
    previous: previous === undefined ? null : previousOf(previous),
    files,
    ...(replaced.length === 0 ? {} : { replaced }),
    definitions: definitionsOf([...files, ...replaced], facts.definitions),
    retention_years: Math.max(0, ...policies.map(({ retention_years }) => retention_years)),
    compliance: [...new Set(policies.flatMap(({ compliance }) => compliance))].sort(),
    policies,
    departed: units.flatMap((unit) =>
      unit.departed.map(({ round, rangeOrdinal, rowSha256, count }) => ({
        table: tableOf(unit),
        range: rangeOrdinal,
        round,
        row_sha256: rowSha256,
        count,
      })),
    ),
    deletions: deletionsOf(facts.deletions),
    holds: facts.holds.map(holdOf),
    settings: { ...pinnedSettings },
  };
}

function previousOf({ sha256, sequence, key, retainUntil }: NonNullable<ManifestFacts['previous']>) {
  return { sha256, sequence, key, retain_until: retainUntil.toISOString() };
}

/**
 * Parts that a manifest may name: those that were proved. One that a validation has doubted since, or that has expired, was
 * archived all the same: a manifest names all that the one before it did.
 */
export function namedParts(unit: WholeUnit): readonly PartRecord[] {
  return unit.parts.filter(({ verifiedAt }) => verifiedAt !== null);
}

function filesOf(unit: WholeUnit, definitions: ManifestFacts['definitions']): readonly ManifestFile[] {
  const parts = namedParts(unit);
  const whole = {
    mode: unit.mode,
    state: 'complete',
    parts: parts.length,
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    digest: combinedDigest(parts.map(({ digest }) => digest)),
    time_column: unit.timeColumn,
    key_columns: unit.keyColumns,
  } as const;
  return parts.map((part) => ({ ...fileOf(unit, part, definitions), unit: whole }));
}

function fileOf(
  unit: WholeUnit,
  part: PartRecord,
  definitions: ManifestFacts['definitions'],
): Omit<ManifestFile, 'unit'> {
  return {
    table: tableOf(unit),
    records: part.rows,
    s3_key: part.key,
    bucket: part.bucket,
    version_id: part.versionId ?? '',
    size_bytes: part.sizeBytes,
    sha256: part.sha256,
    digest: part.digest,
    part: part.ordinal,
    round: part.round,
    text_bytes: part.textBytes,
    ranges: part.ranges.map(({ ordinal, rows, sha256 }) => ({ ordinal, rows, sha256 })),
    compression: part.compression,
    definition_sha256: part.definitionSha256,
    storage_class: part.storageClass,
    retain_until: part.retainUntil.toISOString(),
    lock_mode: part.lockMode,
    encryption: encryptionOf(part),
    columns: columnsOf(part, definitions.get(part.definitionSha256)),
    spills: part.spills,
    null_counts: part.nullCounts,
  };
}

/** Every version that was given up, each as it was on record. */
function replacedOf(unit: WholeUnit, definitions: ManifestFacts['definitions']): readonly ManifestReplaced[] {
  const parts = new Map([...unit.parts, ...unit.replacedParts].map((part) => [part.id, part]));
  return unit.replacements.flatMap(({ partId, versionId, newVersionId, newPartId, ...one }) => {
    const part = parts.get(partId);
    if (part === undefined) return [];
    const by = {
      part: (newPartId === null ? undefined : parts.get(newPartId)?.ordinal) ?? null,
      round: one.round,
      version_id: newVersionId,
      same_rows: one.isSame,
    };
    return {
      ...fileOf(unit, part, definitions),
      mode: unit.mode,
      version_id: versionId,
      by,
      why: `${one.code}: ${one.text}`.slice(0, maxWhyLength),
      who: one.actor,
      when: one.at.toISOString(),
    };
  });
}

function encryptionOf({ encryption }: PartRecord): ManifestFile['encryption'] {
  const { algorithm, unconfirmed } = encryption;
  const named = algorithm === 'AES256' ? { algorithm } : { algorithm, key_id: encryption.keyId };
  return unconfirmed === undefined ? named : { ...named, unconfirmed };
}

function columnsOf(part: PartRecord, definition: TableDefinition | undefined): readonly ManifestColumn[] {
  const types = new Map(definition?.columns.map(({ name, type }) => [name, type]));
  const columns = part.columns as unknown as readonly WriterColumn[];
  return columns.map(({ name, type }) => ({
    name,
    parquet_type: parquetTypeText(type),
    pg_type: types.get(name) ?? '',
  }));
}

function definitionsOf(
  files: readonly Pick<ManifestFile, 'definition_sha256'>[],
  definitions: ManifestFacts['definitions'],
): ManifestContent['definitions'] {
  const named = [...new Set(files.map(({ definition_sha256 }) => definition_sha256))].sort();
  return Object.fromEntries(
    named.map((sha256) => [sha256, { ...definitions.get(sha256) } as unknown as Record<string, unknown>]),
  );
}

function policyOf(unit: WholeUnit): ManifestPolicy {
  const { name, retentionYears, compliance, classification, layout, purge } = unit.policy as unknown as Policy;
  const table = tableOf(unit);
  return { table, mode: unit.mode, name, retention_years: retentionYears, compliance, classification, layout, purge };
}

/** One record a unit, purge and method: the ranges of a unit are deleted one by one, and belong together. */
function deletionsOf(deletions: ManifestFacts['deletions']): readonly ManifestDeletion[] {
  const groups = Map.groupBy(deletions, ({ deletion: { unitId, round, method, actor } }) =>
    JSON.stringify([unitId, round, method, actor]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const ranges = group
      .map(({ deletion }) => ({ ordinal: deletion.rangeOrdinal, rows: deletion.rows, sha256: deletion.digest }))
      .sort((a, b) => a.ordinal - b.ordinal);
    return {
      table: tableOf(first.unit),
      period: first.unit.month,
      round: first.deletion.round,
      ranges,
      rows: ranges.reduce((sum, { rows }) => sum + rows, 0),
      digest: combinedDigest(ranges.map(({ sha256 }) => sha256)),
      who: first.deletion.actor,
      when: latest(group.map(({ deletion }) => deletion.at)).toISOString(),
      method: first.deletion.method,
    };
  });
}

function holdOf({ table, from, to, placedBy, reason, until }: Hold): ManifestHold {
  return { table, from, to, who: placedBy, why: reason, until: until?.toISOString() ?? null };
}

function latest(dates: readonly Date[]): Date {
  return new Date(Math.max(...dates.map((date) => date.getTime())));
}

function tableOf({ schema, table }: Pick<WholeUnit, 'schema' | 'table'>): string {
  return `${schema}.${table}`;
}
