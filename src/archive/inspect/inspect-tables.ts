import { type AppError, toAppError } from '../../errors.ts';
import type { Compression } from '../../parquet/write/compress.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import type { ArchiveContext } from '../context.ts';
import { pricedClass } from '../cost/prices.ts';
import { monthlyStorageCost } from '../cost/storage-cost.ts';
import { listStored } from '../policy/apply-policies.ts';
import { assignTables, type SourceTable, tableKey } from '../policy/assign-tables.ts';
import { defaultDenyPatterns } from '../policy/deny-list.ts';
import { defaultHotDays, defaultPartBytes, defaultPartRows, type Policy } from '../policy/policy.ts';
import { registrySource } from '../policy/registry-source.ts';
import { deniesTable, tableText } from '../policy/table-pattern.ts';
import { listTables } from '../source/list-tables.ts';
import { inSnapshot } from '../source/source-transaction.ts';
import { readDefinition } from '../source/table-definition.ts';
import { inspectTable, type TableInspection } from './inspect-table.ts';
import { likelyTimeColumn } from './time-column.ts';

export interface InspectTablesRequest {
  readonly source: string;
  /** `schema.table`; absent: every table. */
  readonly table?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A table as inspected: by the policy that reaches it, or as a policy with defaults would. */
export interface InspectedTable extends SourceTable {
  readonly policy: string | null;
  /** The policy's, or a guess where there is no policy; null: all of it, as a snapshot. */
  readonly timeColumn: string | null;
  readonly deniedBy: string | null;
  /** Null for a table that is denied, and one that could not be read. */
  readonly inspection: TableInspection | null;
  readonly failure: AppError | null;
}

const defaultCompression: Compression = { codec: 'zstd', level: 3 };

/**
 * What is in a source database, what is due of it, and what it would weigh and cost, one table after the other. Nothing is
 * changed, and one table that cannot be read hides no other.
 * @throws AppError when the source cannot be asked at all
 */
export async function inspectTables(
  context: ArchiveContext,
  { source, table, signal }: InspectTablesRequest,
): Promise<readonly InspectedTable[]> {
  const { registry, settings, sources } = context;
  const { pool } = await sources.open(source);
  const policies = (await listStored(registry, source)).map(({ policy }) => policy);
  const tables = (await listTables(pool)).map((name) => ({ source, ...name })).filter(isArchivable);
  const policyOf = new Map(
    assignTables({ policies, deny: settings.deny, tables }).flatMap((entry) =>
      entry.tables.map((reached) => [tableKey(reached), entry.policy]),
    ),
  );
  const inspected: InspectedTable[] = [];
  for (const one of tables) {
    if (table !== undefined && tableText(one) !== table) continue;
    signal?.throwIfAborted();
    inspected.push(await inspectOne(context, { table: one, policy: policyOf.get(tableKey(one)), signal }));
  }
  return inspected;
}

/** Of the registry itself nothing else may be archived. */
function isArchivable(table: SourceTable): boolean {
  return table.source !== registrySource || tableText(table) === 'registry.audit_event';
}

interface Inspecting {
  readonly table: SourceTable;
  readonly policy: Policy | undefined;
  readonly signal: AbortSignal | undefined;
}

async function inspectOne(context: ArchiveContext, { table, policy, signal }: Inspecting): Promise<InspectedTable> {
  const { sources, settings } = context;
  const patterns = [...defaultDenyPatterns, ...settings.deny];
  const deniedBy = patterns.find((pattern) => deniesTable(pattern, table)) ?? null;
  const nothing = { ...table, policy: policy?.name ?? null, timeColumn: null, inspection: null, failure: null };
  if (deniedBy !== null) return { ...nothing, deniedBy };
  try {
    const { pool } = await sources.open(table.source);
    const timeColumn =
      policy === undefined
        ? likelyTimeColumn(await inSnapshot(pool, (client) => readDefinition(client, table)))
        : (policy.timeColumn ?? null);
    const storageClass = pricedClass(policy?.storageClass ?? 'INTELLIGENT_TIERING');
    const inspection = await inspectTable(pool, {
      ...table,
      timeColumn,
      primaryKey: policy?.primaryKey,
      hotDays: policy?.hotDays ?? defaultHotDays,
      partRows: policy?.partRows ?? defaultPartRows,
      partBytes: policy?.partBytes ?? defaultPartBytes,
      compression: policy?.compression ?? defaultCompression,
      now: context.now(),
      monthlyCost: (stored) => monthlyStorageCost({ ...stored, storageClass, idleDays: 0 }),
      signal,
    });
    return { ...nothing, timeColumn, deniedBy, inspection };
  } catch (error) {
    signal?.throwIfAborted();
    return { ...nothing, deniedBy, failure: toAppError(toRegistryError(error)) };
  }
}
