import { isAppError, isTransient, toAppError } from '../../errors.ts';
import { listHolds } from '../../registry/archive/hold.ts';
import { listUnitFacts } from '../../registry/archive/list-unit-facts.ts';
import { recordRefusals } from '../../registry/archive/policy-refusal.ts';
import { ensureTable, recordTableFacts } from '../../registry/archive/table.ts';
import type { ArchiveContext } from '../context.ts';
import { createThrottle } from '../export/throttle.ts';
import { newestDueMonth } from '../month.ts';
import type { ArchivePlan, PlanFilter } from '../plan/plan.ts';
import { planArchive } from '../plan/plan-archive.ts';
import type { TableFacts, UnreadableTable } from '../plan/table-facts.ts';
import { listStored } from '../policy/apply-policies.ts';
import { assignTables, type PolicyTables, type SourceTable } from '../policy/assign-tables.ts';
import type { Policy } from '../policy/policy.ts';
import { listTables } from '../source/list-tables.ts';
import { isReplica } from '../source/replica.ts';
import { inSnapshot } from '../source/source-transaction.ts';
import { definitionSha256, readDefinition } from '../source/table-definition.ts';
import { readTableSize } from '../source/table-size.ts';
import { readTimeFacts } from '../source/time-facts.ts';

export interface CollectPlanRequest {
  readonly source: string;
  readonly filter: PlanFilter;
  readonly signal?: AbortSignal | undefined;
}

/** What a run over one source would do now: the policies, what its tables say and what the registry knows. */
export async function collectPlan(
  context: ArchiveContext,
  { source, filter, signal }: CollectPlanRequest,
): Promise<ArchivePlan> {
  const { registry, settings } = context;
  const now = context.now();
  const policies = (await listStored(registry, source)).map(({ policy }) => policy);
  const units = await listUnitFacts(registry, source);
  const holds = await listHolds(registry, { source, now });
  const question = { now, policies, deny: settings.deny, units, holds, filter: { ...filter, sources: [source] } };
  if (!policies.some(({ enabled }) => enabled)) return planArchive({ ...question, tables: [], facts: [] });
  const { pool } = await context.sources.open(source);
  const replicas = (await isReplica(pool)) ? [source] : [];
  const tables = (await listTables(pool)).map((name) => ({ source, ...name }));
  const facts: TableFacts[] = [];
  const unreadable: UnreadableTable[] = [];
  const assigned = assignTables({ policies, deny: settings.deny, tables, replicas });
  await recordRefused(context, assigned);
  for (const { policy, tables: reached, refusal } of assigned) {
    if (refusal !== undefined || filter.policies?.includes(policy.name) === false) continue;
    for (const table of reached) {
      signal?.throwIfAborted();
      try {
        facts.push(await readFacts(context, { policy, table, signal }));
      } catch (error) {
        unreadable.push({ ...table, ...obstacleOf(error) });
      }
    }
  }
  return planArchive({ ...question, tables, facts, unreadable, replicas });
}

/** For those who look at how the archive stands, and not at every run. */
async function recordRefused({ registry, now }: ArchiveContext, assigned: readonly PolicyTables[]): Promise<void> {
  const refused = assigned.flatMap(({ policy, refusal }) =>
    refusal === undefined ? [] : { policy: policy.name, code: refusal.code, text: refusal.message },
  );
  const accepted = assigned.filter(({ refusal }) => refusal === undefined).map(({ policy }) => policy.name);
  await recordRefusals(registry, { refused, accepted, at: now() });
}

/**
 * What is wrong with one table (no right to read it, a kind that cannot be archived, gone since it was listed) hides no other.
 * @throws the error itself where it is not the table's
 */
function obstacleOf(error: unknown): Pick<UnreadableTable, 'error' | 'message'> {
  const { code, message } = toAppError(error);
  const isOfTable = isAppError(error) && (code === 'TIMEOUT' || !isTransient(code));
  if (!isOfTable) throw error;
  return { error: code, message };
}

interface FactsRequest extends Pick<CollectPlanRequest, 'signal'> {
  readonly policy: Policy;
  readonly table: SourceTable;
}

async function readFacts(context: ArchiveContext, { policy, table, signal }: FactsRequest): Promise<TableFacts> {
  const { registry, sources } = context;
  const { pool, clock } = await sources.open(table.source);
  const throttle = createThrottle({ rowsPerSecond: null, load: policy.throttle.load }, clock);
  const facts = await inSnapshot(pool, async (client): Promise<TableFacts> => {
    const definition = await readDefinition(client, table);
    const { timeColumn = null } = policy;
    const { sizeBytes, hasTimeIndex, isTimeOrdered } = await readTableSize(client, definition, timeColumn);
    const known = {
      ...table,
      definitionSha256: definitionSha256(definition),
      columns: definition.columns.map(({ name }) => name),
      hasTimeColumn: timeColumn !== null && definition.columns.some(({ name }) => name === timeColumn),
      hasTimeIndex,
      hasPrimaryKey: definition.primaryKey.length > 0,
      sizeBytes,
    };
    if (timeColumn === null || !known.hasTimeColumn) {
      return { ...known, months: [], nullTimeRows: 0, infiniteTimeRows: 0 };
    }
    const upTo = newestDueMonth(context.now(), policy.hotDays);
    let askedAt = performance.now();
    const pause = async () => {
      await throttle.after({ rows: 0, workedMillis: performance.now() - askedAt }, signal);
      askedAt = performance.now();
    };
    const time = await readTimeFacts(client, { definition, timeColumn, isTimeOrdered, upTo, pause });
    return { ...known, ...time, newestMonth: time.newest === null ? undefined : time.newest.slice(0, 7) };
  });
  const { months, sizeBytes, nullTimeRows, infiniteTimeRows } = facts;
  await recordTableFacts(registry, await ensureTable(registry, table), {
    months: months.map(({ month, rows }) => ({ month, rows })),
    sizeBytes,
    nullTimeRows,
    infiniteTimeRows,
    policy: policy.name,
  });
  return facts;
}
