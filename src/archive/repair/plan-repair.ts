import type { ArchiveStore } from '../../aws/archive-store.ts';
import { findUnit } from '../../registry/archive/find-unit.ts';
import type { PartRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import type { ArchiveContext } from '../context.ts';
import { createThrottle } from '../export/throttle.ts';
import { parsePolicy } from '../policy/parse-policy.ts';
import { adviceOnPurged, deletionsOf } from './advice.ts';
import { type Found, findFault } from './find-fault.ts';
import { findVersion, type OtherVersions } from './find-version.ts';
import { readRemainingRows } from './remaining-rows.ts';
import type { Remedy, RepairEntry, RepairPlan } from './repair-plan.ts';

export interface PlanRepairRequest {
  readonly unitId: number;
  readonly signal: AbortSignal;
}

type Faulty = Extract<Found, { readonly kind: 'faulty' }>;

/** A part that can only be archived anew, if at all. */
interface Hopeless {
  readonly part: PartRecord;
  readonly versions: OtherVersions;
}

/**
 * What a repair would do about a unit now: every part is read back, and the table's rows in the ranges of faulty ones.
 * Nothing is changed.
 * @throws AppError NOT_FOUND; when the bucket or the source cannot be used; transient
 */
export async function planRepair(context: ArchiveContext, request: PlanRepairRequest): Promise<RepairPlan> {
  const { unitId, signal } = request;
  const unit = await findUnit(context.registry, unitId);
  await using store = context.openStore('verifier');
  const { encryptionRequired } = context.destination;
  const found = new Map<number, Found>();
  for (const part of unit.parts.filter(({ state }) => state !== 'EXPIRED')) {
    signal.throwIfAborted();
    found.set(part.id, await findFault({ store, unit, part, encryptionRequired, signal }));
  }
  const remedies = await remediesOf(context, { unit, store, found, signal });
  const { source, schema, table, month, mode, state } = unit;
  const entries = unit.parts.flatMap((part): readonly RepairEntry[] => {
    const one = found.get(part.id);
    if (one === undefined) return [];
    const { id: partId, ordinal, bucket, key, rows } = part;
    const versionId = one.kind === 'faulty' ? one.versionId : part.versionId;
    const fault = one.kind === 'faulty' ? one.fault : null;
    return [
      { partId, part: ordinal, bucket, key, versionId, rows, fault, remedy: remedyOf(one, remedies.get(partId)) },
    ];
  });
  return { unitId, source, schema, table, month, mode, state, entries };
}

function remedyOf(found: Found, remedy: Remedy | undefined): Remedy {
  if (found.kind === 'unchecked') return { kind: 'unchecked', text: found.text };
  return remedy ?? { kind: 'none' };
}

interface Finding {
  readonly unit: WholeUnit;
  readonly store: ArchiveStore;
  readonly found: ReadonlyMap<number, Found>;
  readonly signal: AbortSignal;
}

/** Of the faulty parts, by their ids. */
async function remediesOf(context: ArchiveContext, finding: Finding): Promise<ReadonlyMap<number, Remedy>> {
  const { unit, store, found, signal } = finding;
  const { encryptionRequired } = context.destination;
  const remedies = new Map<number, Remedy>();
  const hopeless: Hopeless[] = [];
  const readable: PartRecord[] = [];
  for (const part of unit.parts) {
    const one = found.get(part.id);
    if (one?.kind !== 'faulty' || one.isLockable) readable.push(part);
    if (one?.kind !== 'faulty') continue;
    if (one.isLockable) {
      remedies.set(part.id, { kind: 'lock-again' });
      continue;
    }
    const versions = await versionsOf(one, { store, part, encryptionRequired, signal });
    if (versions.versionId === undefined) hopeless.push({ part, versions });
    else {
      remedies.set(part.id, { kind: 'take-version', versionId: versions.versionId });
      readable.push({ ...part, versionId: versions.versionId });
    }
  }
  const rest = { ...unit, parts: readable };
  for (const one of hopeless) remedies.set(one.part.id, await fromTable(context, { ...finding, unit: rest, ...one }));
  return withoutCompanions(hopeless, remedies);
}

/** What never came to be stored has no versions of its own to choose from. */
async function versionsOf({ versionId }: Faulty, request: Parameters<typeof findVersion>[0]): Promise<OtherVersions> {
  if (request.part.versionId === null) return { versionId: undefined, others: 0, obstacles: [] };
  return findVersion({ ...request, part: { ...request.part, versionId } });
}

async function fromTable(
  context: ArchiveContext,
  { unit, store, part, versions, signal }: Finding & Hopeless,
): Promise<Remedy> {
  if (unit.retainUntil <= context.now()) {
    const advice = [
      `its retention ended at ${unit.retainUntil.toISOString()}: nothing can be locked up to then any more`,
    ];
    return { kind: 'impossible', advice };
  }
  const { pool, clock } = await context.sources.open(unit.source);
  const throttle = createThrottle(parsePolicy(unit.policy).throttle, clock);
  const job = { pool, verifierStore: store, throttle, signal };
  const { rows, isSame } = await readRemainingRows({ registry: context.registry, job, unit, part }, () => nobody);
  if (isSame) return { kind: 'archive-anew', rows };
  const deletions = await deletionsOf(context, unit, part);
  if (deletions.length > 0) {
    return { kind: 'impossible', advice: await adviceOnPurged(context, { unit, part, deletions, versions }) };
  }
  if (unit.mode === 'monthly') return { kind: 'ask', rows };
  const advice = [`the table is not what it was: the snapshot of ${unit.month} cannot be taken again`];
  return { kind: 'impossible', advice };
}

const nobody = { add: async () => undefined, endRange: () => undefined };

/** Which rows are whose cannot be told where another part of the same ranges stays unreadable. */
function withoutCompanions(hopeless: readonly Hopeless[], remedies: Map<number, Remedy>): ReadonlyMap<number, Remedy> {
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    for (const { part } of hopeless) {
      if (remedies.get(part.id)?.kind === 'impossible') continue;
      const lost = hopeless.find(
        (one) => remedies.get(one.part.id)?.kind === 'impossible' && sharesRange(one.part, part),
      );
      if (lost === undefined) continue;
      const advice = [`part ${lost.part.ordinal} has rows of the same ranges, and comes first`];
      remedies.set(part.id, { kind: 'impossible', advice });
      isSettled = false;
    }
  }
  return remedies;
}

function sharesRange(a: PartRecord, b: PartRecord): boolean {
  const ordinals = new Set(a.ranges.map(({ ordinal }) => ordinal));
  return b.ranges.some(({ ordinal }) => ordinals.has(ordinal));
}
