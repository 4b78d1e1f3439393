import { AppError } from '../../errors.ts';
import { beginUnit } from '../../registry/archive/begin-unit.ts';
import { findUnit } from '../../registry/archive/find-unit.ts';
import { ensureTable } from '../../registry/archive/table.ts';
import type { Prisma } from '../../registry/generated/client.ts';
import { step } from '../../steps.ts';
import type { ArchiveContext } from '../context.ts';
import { createThrottle } from '../export/throttle.ts';
import type { UnitJob } from '../export/unit-job.ts';
import { retainUntil } from '../month.ts';
import type { PlanEntry } from '../plan/plan.ts';
import { findPolicy } from '../policy/apply-policies.ts';
import { parsePolicy } from '../policy/parse-policy.ts';
import type { Policy } from '../policy/policy.ts';
import { registrySource } from '../policy/registry-source.ts';
import { keyOrder } from '../source/key-order.ts';
import type { Source } from '../source/open-source.ts';
import { isReplica } from '../source/replica.ts';
import { inSnapshot } from '../source/source-transaction.ts';
import { definitionSha256, readDefinition, type TableName } from '../source/table-definition.ts';
import { holdTableLock, type TableLock } from '../source/table-lock.ts';
import type { RunStores } from './run-stores.ts';

export interface WithUnitRequest {
  readonly entry: PlanEntry;
  readonly stores: RunStores;
  readonly provedParts: Set<number>;
  readonly actor: string;
  readonly signal: AbortSignal;
}

/**
 * Does `work` on the entry's unit, begun where there is none yet, while nobody else can: under the table's lock. When
 * it is lost, the work is told to stop.
 * @throws AppError TABLE_BUSY, POLICY_INVALID, or what `work` threw
 */
export async function withUnit(
  context: ArchiveContext,
  { entry, stores, provedParts, actor, signal }: WithUnitRequest,
  work: (job: UnitJob) => Promise<void>,
): Promise<void> {
  const source = await context.sources.open(entry.source);
  await using lock = await lockTable(context, source, entry);
  const unit = await unitOf(context, source, entry);
  await work({
    unitId: unit.id,
    policy: unit.policy,
    pool: source.pool,
    store: stores.writer,
    verifierStore: stores.verifier,
    throttle: createThrottle(unit.policy.throttle, source.clock),
    provedParts,
    actor,
    signal: AbortSignal.any([signal, lock.signal]),
  });
}

/**
 * In the table's own database, where every archiver of it comes by. A replica's locks are known to none but itself, and there
 * may be several behind one address: those of its tables are the registry's.
 */
export async function lockTable(
  context: Pick<ArchiveContext, 'sources'>,
  source: Source,
  { schema, table }: TableName,
): Promise<TableLock> {
  if (!(await isReplica(source.pool))) return holdTableLock(source.pool, { schema, table });
  const { pool } = await context.sources.open(registrySource);
  return holdTableLock(pool, { schema, table, replica: source.name });
}

/** A unit keeps the policy that it was begun with, but what may change (throttle, purge, undo) is as the policy is now. */
async function unitOf(
  context: ArchiveContext,
  { pool }: Source,
  entry: PlanEntry,
): Promise<{ readonly id: number; readonly policy: Policy }> {
  const { registry } = context;
  const current = await findPolicy(registry, entry.policy);
  if (entry.unitId !== null) {
    const unit = await findUnit(registry, entry.unitId);
    const begun = parsePolicy(unit.policy);
    const { throttle, purge, undoDays, hotDays } = current;
    return { id: unit.id, policy: { ...begun, throttle, purge, undoDays, hotDays } };
  }
  if (entry.month === null)
    throw new AppError('INTERNAL', `an entry without a month was to be archived: ${entry.table}`);
  const definition = await inSnapshot(pool, (client) => readDefinition(client, entry));
  const order = keyOrder(definition, {
    timeColumn: current.timeColumn ?? null,
    primaryKey: current.primaryKey,
  });
  const unit = await beginUnit(registry, {
    tableId: await ensureTable(registry, entry),
    month: entry.month,
    mode: entry.mode,
    policyName: current.name,
    policy: current as unknown as Prisma.InputJsonObject,
    definitionSha256: definitionSha256(definition),
    timeColumn: order.timeColumn,
    keyColumns: order.keyColumns,
    retainUntil: retainUntil(entry.month, current.retentionYears),
  });
  step('unit.begun', unit.id);
  return { id: unit.id, policy: parsePolicy(unit.policy) };
}
