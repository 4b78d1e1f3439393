import { recordDefinition } from '../../registry/archive/definition.ts';
import { intendPart, markPartSpooled, markPartStored } from '../../registry/archive/part-states.ts';
import type { PartReplacement } from '../../registry/archive/replacement.ts';
import type { DepartedRow, UnitRange, WholeUnit } from '../../registry/archive/unit-record.ts';
import type { Prisma } from '../../registry/generated/client.ts';
import { step } from '../../steps.ts';
import type { ArchiveContext } from '../context.ts';
import { canonicalJson } from '../manifest/canonical-json.ts';
import { pinnedSettings } from '../source/session-settings.ts';
import { definitionSha256, type TableDefinition } from '../source/table-definition.ts';
import { writerColumns } from '../source/writer-columns.ts';
import { storeOrSpool } from '../upload/store-or-spool.ts';
import { footerMetadata } from './footer.ts';
import { partKey } from './object-key.ts';
import type { PartUnderWay } from './part-under-way.ts';
import type { UnitJob } from './unit-job.ts';

export interface StoreFinishedRequest {
  readonly job: UnitJob;
  readonly unit: WholeUnit;
  readonly definition: TableDefinition;
  readonly part: PartUnderWay;
  readonly ordinal: number;
  /** Ranges of the unit that begin with this part. */
  readonly newRanges: readonly UnitRange[];
  readonly departed: readonly DepartedRow[];
  /** The faulty part that it stands for. */
  readonly replaces?: PartReplacement | undefined;
}

/** Ends a part, records it, uploads it locked, and records its version: in this order, so that a crash loses nothing. */
export async function storeFinished(context: ArchiveContext, request: StoreFinishedRequest): Promise<void> {
  const { job, unit, definition, ordinal, newRanges, departed, replaces } = request;
  const { registry, destination } = context;
  const { policy, store, signal } = job;
  const table = `${unit.schema}.${unit.table}`;
  const sha256OfDefinition = definitionSha256(definition);
  const finished = await request.part.finish(({ rows, digest, ranges }) =>
    footerMetadata(
      {
        archive_version: '1',
        source: unit.source,
        table,
        month: unit.month,
        mode: unit.mode,
        part: ordinal,
        rows,
        digest,
        ranges: [...ranges],
        definition_sha256: sha256OfDefinition,
        settings: { ...pinnedSettings },
      },
      canonicalJson(definition),
    ),
  );
  const { sha256, sizeBytes, rows, digest } = finished;
  const { prefix, bucket, encryption, encryptionRequired } = destination;
  const key = partKey({ ...unit, prefix, layout: policy.layout, ordinal, sha256 });
  const lock = { mode: policy.lockMode, retainUntil: unit.retainUntil } as const;
  step('part.before-intent', unit.id);
  await recordDefinition(registry, {
    sha256: sha256OfDefinition,
    definition: definition as unknown as Prisma.InputJsonObject,
  });
  const part = await intendPart(registry, {
    part: {
      unitId: unit.id,
      ordinal,
      round: unit.round,
      bucket,
      key,
      sizeBytes,
      textBytes: finished.textBytes,
      sha256,
      digest,
      rows,
      definitionSha256: sha256OfDefinition,
      ranges: finished.ranges,
      columns: writerColumns(definition) as unknown as Prisma.InputJsonValue,
      spills: finished.spills,
      nullCounts: finished.nullCounts,
      compression: compressionText(policy.compression),
      storageClass: policy.storageClass,
      encryption,
      lockMode: lock.mode,
      retainUntil: lock.retainUntil,
    },
    newRanges,
    departed,
    replaces,
  });
  step('part.intended', unit.id);
  const outcome = await storeOrSpool(context, store, {
    key,
    chunks: finished.chunks,
    sizeBytes,
    sha256,
    contentType: 'application/vnd.apache.parquet',
    metadata: { 'billvault-digest': digest, 'billvault-rows': String(rows) },
    storageClass: policy.storageClass,
    lock,
    encryption,
    encryptionRequired,
    signal,
  });
  step('part.uploaded', unit.id);
  if (outcome.kind === 'spooled') await markPartSpooled(registry, part.id);
  else await markPartStored(registry, part.id, outcome.versionId);
  step('part.stored', unit.id);
}

function compressionText(compression: UnitJob['policy']['compression']): string {
  return 'level' in compression ? `${compression.codec}:${compression.level}` : compression.codec;
}
