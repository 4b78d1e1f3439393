import { toAppError } from '../../errors.ts';
import { findUnit } from '../../registry/archive/find-unit.ts';
import { beginRepairRound, takeVersion } from '../../registry/archive/replacement.ts';
import { keepUnit } from '../../registry/archive/restore.ts';
import type { UnitState } from '../../registry/archive/unit-record.ts';
import { failUnit, markUnitVerified, resumeUnit } from '../../registry/archive/unit-states.ts';
import { doubtPart } from '../../registry/archive/validated-part.ts';
import { recordAudit } from '../../registry/audit.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import { step } from '../../steps.ts';
import type { ArchiveContext } from '../context.ts';
import { finishExport } from '../export/export-unit.ts';
import { createThrottle } from '../export/throttle.ts';
import type { UnitJob } from '../export/unit-job.ts';
import { requireKnownChain } from '../manifest/require-known-chain.ts';
import { writeManifest } from '../manifest/write-manifest.ts';
import { listStored } from '../policy/apply-policies.ts';
import { parsePolicy } from '../policy/parse-policy.ts';
import { settleDeletions } from '../purge/settle-deletions.ts';
import { advanceUnit } from '../run/advance-unit.ts';
import { lockTable } from '../run/with-unit.ts';
import { ensureStored } from '../upload/ensure-stored.ts';
import { verifyStoredParts } from '../verify/verify-unit.ts';
import { deletionsOf } from './advice.ts';
import { exportAnew } from './export-anew.ts';
import { planRepair } from './plan-repair.ts';
import { isDone, type RepairEntry, type RepairPlan } from './repair-plan.ts';

export interface RepairUnitRequest {
  readonly unitId: number;
  /** Whether a faulty part may be replaced by other rows than those archived: what was changed or deleted since is then lost. */
  readonly takesChangedRows: boolean;
  readonly actor: string;
  readonly signal: AbortSignal;
  /** Told what is about to be done. */
  readonly onPlan?: ((plan: RepairPlan) => void) | undefined;
}

export interface RepairOutcome {
  readonly plan: RepairPlan;
  /** Numbers of the parts about which something was done. */
  readonly repaired: readonly number[];
  /** Numbers of those that are as faulty as they were. */
  readonly left: readonly number[];
  /** Of the unit, now. */
  readonly state: UnitState;
}

/**
 * Does about a unit's faulty parts what its plan says, proves what came of it, and names it in a further manifest. Nothing
 * is purged here, nor by anybody else meanwhile: it holds the table's lock. Killed anywhere, the unit is where a run or
 * another repair goes on.
 * @throws AppError NOT_FOUND, TABLE_BUSY, CHAIN_BROKEN; as export and proof, which then stands in the unit as well
 */
export async function repairUnit(context: ArchiveContext, request: RepairUnitRequest): Promise<RepairOutcome> {
  const { registry } = context;
  const { unitId, signal, actor, takesChangedRows } = request;
  const { source: name, schema, table, month, policy: begun, policyName } = await findUnit(registry, unitId);
  const source = await context.sources.open(name);
  await using lock = await lockTable(context, source, { schema, table });
  await using store = context.openStore('writer');
  await using verifierStore = context.openStore('verifier');
  const current = (await listStored(registry, name)).find(({ policy }) => policy.name === policyName)?.policy;
  const policy = parsePolicy(begun);
  const job: UnitJob = {
    unitId,
    policy,
    pool: source.pool,
    store,
    verifierStore,
    throttle: createThrottle((current ?? policy).throttle, source.clock),
    provedParts: new Set(),
    actor,
    signal: AbortSignal.any([signal, lock.signal]),
  };
  await requireKnownChain(context, { source: name, store: verifierStore, signal: job.signal });
  await settleDeletions(context, job, await findUnit(registry, unitId));
  const plan = await planRepair(context, { unitId, signal: job.signal });
  request.onPlan?.(plan);
  const entries = plan.entries.filter((entry) => isDone(entry, takesChangedRows));
  const left = plan.entries.filter(({ fault }) => fault !== null).filter((entry) => !entries.includes(entry));
  try {
    await doubt(context, plan.entries);
    if (entries.length > 0) await repair(context, job, { entries, left, takesChangedRows });
    await writeManifest(context, { source: name, month, store, signal: job.signal });
  } catch (error) {
    const { code, message: text } = toAppError(toRegistryError(error));
    if (!job.signal.aborted) await failUnit(registry, unitId, { code, text });
    throw error;
  }
  if (entries.length > 0) await recordRepair(context, { unitId, actor, entries });
  const { state } = await findUnit(registry, unitId);
  return { plan, repaired: entries.map(({ part }) => part), left: left.map(({ part }) => part), state };
}

/** What was called proved and is not: nothing is purged on its word, whatever comes of the repair. */
async function doubt({ registry }: ArchiveContext, entries: readonly RepairEntry[]): Promise<void> {
  for (const { partId, fault } of entries) if (fault !== null) await doubtPart(registry, partId, fault.text);
}

interface Work {
  readonly entries: readonly RepairEntry[];
  readonly left: readonly RepairEntry[];
  readonly takesChangedRows: boolean;
}

async function repair(context: ArchiveContext, job: UnitJob, work: Work): Promise<void> {
  const { registry } = context;
  const { entries, left } = work;
  await resumeUnit(registry, job.unitId);
  for (const entry of entries) await mendVersion(context, job, entry);
  const begun = await archiveAnew(context, job, work);
  if (begun === 'under way') {
    // The round goes on from where it was; where a part stays faulty, its proof says so.
    await advanceUnit(context, job);
    return;
  }
  if (begun === 'begun' && (await finishExport(context, job.unitId)) === 'waiting') return;
  await verifyStoredParts(context, job, new Set(left.map(({ partId }) => partId)));
  const [first] = left;
  if (first?.fault != null) {
    await failUnit(registry, job.unitId, first.fault);
    return;
  }
  await markUnitVerified(registry, job.unitId);
  step('unit.verified', job.unitId);
}

/** The object stays as it is, but for its lock. */
async function mendVersion(context: ArchiveContext, job: UnitJob, entry: RepairEntry): Promise<void> {
  const { registry, destination } = context;
  const { remedy, partId, fault } = entry;
  if (fault === null || (remedy.kind !== 'lock-again' && remedy.kind !== 'take-version')) return;
  const part = (await findUnit(registry, job.unitId)).parts.find(({ id }) => id === partId);
  const versionId = remedy.kind === 'take-version' ? remedy.versionId : entry.versionId;
  if (part === undefined || versionId === null) return;
  const { key, encryption, lockMode: mode, retainUntil } = part;
  const lock = { mode, retainUntil };
  const { encryptionRequired } = destination;
  await ensureStored(job.store, { key, versionId, lock, encryption, encryptionRequired, signal: job.signal });
  if (remedy.kind === 'lock-again') return;
  await takeVersion(registry, { partId, versionId: entry.versionId, newVersionId: versionId, fault, actor: job.actor });
  step('repair.replaced', job.unitId);
}

/** `none`: no part is. `under way`: the unit's round was, and is not at its end. `begun`: a round of its own. */
async function archiveAnew(
  context: ArchiveContext,
  job: UnitJob,
  { entries, left, takesChangedRows }: Work,
): Promise<'none' | 'under way' | 'begun'> {
  const { registry } = context;
  const anew = entries.filter(({ remedy }) => remedy.kind === 'archive-anew' || remedy.kind === 'ask');
  const unit = await findUnit(registry, job.unitId);
  const isUnderWay = unit.state === 'PLANNED';
  if (anew.length > 0 && !isUnderWay) await beginRepairRound(registry, unit.id);
  const waiting = new Set([...anew, ...left].map(({ partId }) => partId));
  for (const { partId, versionId, fault } of anew) {
    const part = unit.parts.find(({ id }) => id === partId);
    if (part === undefined || fault === null) continue;
    // Rows that were purged and are there again were put back by hand: from here on they count as restored.
    if ((await deletionsOf(context, unit, part)).length > 0) await keepUnit(registry, unit.id, context.now());
    await exportAnew(context, job, { partId, versionId, fault, unreadable: waiting, takesChangedRows });
    waiting.delete(partId);
  }
  if (isUnderWay) return 'under way';
  return anew.length > 0 ? 'begun' : 'none';
}

async function recordRepair(
  { registry }: ArchiveContext,
  {
    unitId,
    actor,
    entries,
  }: { readonly unitId: number; readonly actor: string; readonly entries: readonly RepairEntry[] },
): Promise<void> {
  const parts = entries.map(({ part, key, versionId, fault, remedy }) => {
    return { part, key, versionId, code: fault?.code ?? null, remedy: remedy.kind };
  });
  await recordAudit(registry, { actor, action: 'unit.repaired', subject: `unit/${unitId}`, detail: { parts } });
}
