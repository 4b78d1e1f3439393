import { listStoredTables } from '../../registry/archive/list-archived-tables.ts';
import type { ArchiveContext } from '../context.ts';
import { listStored } from '../policy/apply-policies.ts';
import { assignTables, type SourceTable } from '../policy/assign-tables.ts';
import { listTables } from '../source/list-tables.ts';
import { type ArchivedTable, archivedTable, type BucketDestination } from './archived-table.ts';
import { type WantedBucket, wantedBucket } from './wanted.ts';

/**
 * What the bucket is to be: for every table that the policies reach now, and for all that is stored already, whether a
 * policy names it still or not.
 * @throws AppError when a source with policies cannot be asked for its tables: rules that leave some out would be wrong
 */
export async function collectWantedBucket(
  context: ArchiveContext,
  destination: BucketDestination,
): Promise<WantedBucket> {
  const stored = await listStoredTables(context.registry);
  return wantedBucket(destination, [...(await reachedTables(context)), ...stored]);
}

async function reachedTables({ registry, sources, settings }: ArchiveContext): Promise<readonly ArchivedTable[]> {
  const policies = (await listStored(registry)).map(({ policy }) => policy).filter(({ enabled }) => enabled);
  const tables: SourceTable[] = [];
  for (const source of new Set(policies.map((policy) => policy.source))) {
    const { pool } = await sources.open(source);
    tables.push(...(await listTables(pool)).map((name) => ({ source, ...name })));
  }
  return assignTables({ policies, deny: settings.deny, tables })
    .filter(({ refusal }) => refusal === undefined)
    .flatMap(({ policy, tables: reached }) => reached.map((table) => archivedTable(policy, table)));
}
