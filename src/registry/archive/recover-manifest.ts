import { AppError } from '../../errors.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';
import type { DeletionMethod } from '../generated/enums.ts';
import { firstDay } from './begin-unit.ts';
import type { ManifestRecord } from './manifest.ts';
import type { TableName } from './table.ts';

/** What a manifest says was purged from one range. */
export interface RecoveredDeletion extends Omit<TableName, 'source'> {
  /** `2026-01`. */
  readonly month: string;
  readonly round: number;
  readonly rangeOrdinal: number;
  readonly rows: number;
  readonly digest: string;
  readonly method: DeletionMethod;
  readonly actor: string;
  readonly at: Date;
}

export interface RecoveredManifest extends Omit<ManifestRecord, 'id' | 'state' | 'versionId' | 'createdAt'> {
  readonly versionId: string;
  readonly createdAt: Date;
  readonly deletions: readonly RecoveredDeletion[];
}

type Transaction = Prisma.TransactionClient;

/** Nobody knows the number of a transaction that only a manifest tells of, and nobody asks for it: it is settled. */
const unknownTransaction = 'recovered';
const transactionLimits = { timeout: 120_000, maxWait: 30_000 } as const;

/**
 * Takes a manifest over into the chain, with the deletions that it names. Its units have to be there.
 * @returns false when the registry had it
 * @throws AppError CHAIN_BROKEN when the registry has another one in its place
 */
export async function recoverManifest(registry: PrismaClient, manifest: RecoveredManifest): Promise<boolean> {
  const { deletions, month, encryption, ...data } = manifest;
  const { source, sequence, sha256, versionId, createdAt } = data;
  return registry.$transaction(async (transaction) => {
    await transaction.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${`billvault:chain:${source}`}, 0))`;
    const known = await transaction.archiveManifest.findUnique({ where: { source_sequence: { source, sequence } } });
    if (known !== null && known.sha256 !== sha256) {
      throw new AppError(
        'CHAIN_BROKEN',
        `the registry has another manifest ${sequence} of ${source} than the bucket: SHA-256 ${known.sha256}, there ${sha256}`,
      );
    }
    if (known !== null) {
      await transaction.$executeRaw`
        update registry.archive_manifest set state = 'STORED', version_id = ${versionId}, stored_at = ${createdAt}
         where id = ${known.id} and state = 'PREPARED'`;
      return false;
    }
    const row = await transaction.archiveManifest.create({
      data: {
        ...data,
        period: firstDay(month),
        encryption: encryption as unknown as Prisma.InputJsonValue,
        state: 'STORED',
        storedAt: createdAt,
      },
    });
    for (const deletion of deletions) await recordDeletion(transaction, { source, manifestId: row.id }, deletion);
    return true;
  }, transactionLimits);
}

interface Place {
  readonly source: string;
  readonly manifestId: bigint;
}

async function recordDeletion(
  transaction: Transaction,
  { source, manifestId }: Place,
  deletion: RecoveredDeletion,
): Promise<void> {
  const { schema, table, month, at, ...data } = deletion;
  const { round, rangeOrdinal, rows, digest } = data;
  const unit = await transaction.archiveUnit.findFirst({
    where: { period: firstDay(month), mode: 'monthly', table: { source, schemaName: schema, tableName: table } },
  });
  // Its month has no manifest any more: with its parts everything about it has expired.
  if (unit === null) return;
  const known = await transaction.archiveDeletion.findFirst({
    where: { unitId: unit.id, round, rangeOrdinal, state: { not: 'ABORTED' } },
  });
  const isSame = known !== null && known.digest === digest && known.rows === BigInt(rows);
  if (isSame) {
    await transaction.$executeRaw`
      update registry.archive_deletion
         set state = 'COMMITTED', settled_at = coalesce(settled_at, ${at}), manifest_id = ${manifestId}
       where id = ${known.id} and manifest_id is null`;
  } else {
    if (known !== null) await giveUp(transaction, known, deletion);
    await transaction.archiveDeletion.create({
      data: {
        ...data,
        unitId: unit.id,
        state: 'COMMITTED',
        transaction: unknownTransaction,
        departed: [],
        at,
        settledAt: at,
        manifestId,
      },
    });
  }
  if (unit.round < round) {
    await transaction.archiveUnit.update({ where: { id: unit.id }, data: { round, recoveredRound: round } });
  }
}

/** An intent that came to nothing, after which the range was purged anew. */
async function giveUp(
  transaction: Transaction,
  known: Prisma.ArchiveDeletionGetPayload<object>,
  { schema, table, month, rangeOrdinal }: RecoveredDeletion,
): Promise<void> {
  const { count } = await transaction.archiveDeletion.updateMany({
    where: { id: known.id, state: 'INTENDED' },
    data: { state: 'ABORTED', settledAt: new Date() },
  });
  if (count === 1) return;
  throw new AppError(
    'CHAIN_BROKEN',
    `${schema}.${table} ${month}, range ${rangeOrdinal}: the registry has another purge on record than the bucket's manifests`,
  );
}

/** Before anything of a source's chain is taken over: what of its purges is not on record is not known from now on. */
export async function markRecovered(registry: PrismaClient, source: string): Promise<void> {
  await registry.$executeRaw`
    update registry.archive_unit u set recovered_round = u.round
      from registry.archive_table t where t.id = u.table_id and t.source = ${source}`;
}

/** When the whole chain is there: units of which everything was purged are PURGED. */
export async function settlePurged(registry: PrismaClient, source: string): Promise<void> {
  await registry.$executeRaw`
    with purged as (
      select d.unit_id, max(d.at) as at, sum(d.rows) as rows
        from registry.archive_deletion d
       where d.state <> 'ABORTED'
       group by d.unit_id
      having not bool_or(d.state = 'INTENDED')
    )
    update registry.archive_unit u set state = 'PURGED', purged_at = purged.at
      from purged, registry.archive_table t
     where purged.unit_id = u.id and t.id = u.table_id and t.source = ${source}
       and u.mode = 'monthly' and u.state = 'VERIFIED'
       and purged.rows >= u.rows - (select coalesce(sum(g.count), 0) from registry.archive_departed g where g.unit_id = u.id)`;
}
