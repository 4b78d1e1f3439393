import type pg from 'pg';
import { withConnection } from '../../db/pool.ts';
import { AppError } from '../../errors.ts';
import { abortDeletion, commitDeletion, type DeletionRecord, listDeletions } from '../../registry/archive/deletion.ts';
import type { WholeUnit } from '../../registry/archive/unit-record.ts';
import type { ArchiveContext } from '../context.ts';
import type { UnitJob } from '../export/unit-job.ts';

/**
 * After a crash between a source's commit and our record of it: PostgreSQL itself says, by the number of the transaction,
 * whether it was committed.
 * @throws AppError TABLE_BUSY while the transaction goes on; PROOF_FAILED when the server does not know it any more
 */
export async function settleDeletions(
  context: ArchiveContext,
  job: Pick<UnitJob, 'pool'>,
  unit: WholeUnit,
): Promise<void> {
  const deletions = await listDeletions(context.registry, { unitId: unit.id });
  for (const deletion of deletions.filter(({ state }) => state === 'INTENDED')) {
    const status = await transactionStatus(job.pool, deletion.transaction);
    switch (status) {
      case 'committed':
        await commitDeletion(context.registry, deletion);
        break;
      case 'aborted':
        await abortDeletion(context.registry, deletion.id);
        break;
      case 'in progress':
        throw new AppError('TABLE_BUSY', `${describe(unit, deletion)} still goes on in the source database`);
      case null:
        throw new AppError(
          'PROOF_FAILED',
          `${describe(unit, deletion)} is not known to the source database any more (was it restored from a backup, or failed over?): compare the table with the archive, then settle deletion ${deletion.id} by hand`,
        );
    }
  }
}

/** `pg_xact_status`; null: too old, or of another server. */
type TransactionStatus = 'committed' | 'aborted' | 'in progress' | null;

/** SQLSTATE for a transaction number that lies ahead of the server's own: it is not the server that it was. */
const invalidParameter = '22023';

async function transactionStatus(pool: pg.Pool, transaction: string): Promise<TransactionStatus> {
  return withConnection(pool, async (client) => {
    try {
      const { rows } = await client.query<{ status: TransactionStatus }>('select pg_xact_status($1::xid8) as status', [
        transaction,
      ]);
      return rows[0]?.status ?? null;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === invalidParameter) return null;
      throw error;
    }
  });
}

function describe(unit: WholeUnit, { transaction, rangeOrdinal }: DeletionRecord): string {
  return `the purge of ${unit.schema}.${unit.table} ${unit.month}, range ${rangeOrdinal} (transaction ${transaction})`;
}
