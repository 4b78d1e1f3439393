import pLimit from 'p-limit';
import { findUnit } from '../../registry/archive/find-unit.ts';
import { markCopyAsked } from '../../registry/archive/read-copy.ts';
import type { PartRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import { readPurgedRounds } from '../compare/read-purged-rounds.ts';
import type { ArchiveContext } from '../context.ts';
import { partsToProve } from '../purge/require-proved.ts';
import type { RunStores } from './run-stores.ts';

/** Up to two days from DEEP_ARCHIVE, at the lowest price: what waits for it has waited for a year. */
const tier = 'Bulk';
/** The job comes by twice an hour; the rest is for a source or a bucket that is out of reach. */
const copyDays = 5;
/** Each is a HEAD and now and then one more. */
const parallelRequests = 8;

export interface AwaitCopies {
  readonly unitId: number;
  readonly stores: RunStores;
  /** Proved by this run. */
  readonly provedParts: ReadonlySet<number>;
  readonly signal: AbortSignal;
}

/**
 * A unit's work met a part in a cold class: asks for readable copies of all that it has to read, and notes that it waits
 * for them. Nothing waits here.
 * @returns what it waits for, for people
 * @throws AppError ACCESS_DENIED when the writer lacks s3:RestoreObject; as the bucket and the registry
 */
export async function awaitCopies(context: ArchiveContext, request: AwaitCopies): Promise<string> {
  const unit = await findUnit(context.registry, request.unitId);
  const needed = await neededParts(context, unit, request);
  // Where none of these is cold, what was read is another part: then all of them.
  const cold = (await ask(context, request, needed)) || (await ask(context, request, unit.parts));
  if (cold === 0) {
    const [first] = unit.parts;
    if (first !== undefined) await markCopyAsked(context.registry, first.id);
    return 'it can be read by now: the service goes on by itself, or the next run does';
  }
  const copies = cold === 1 ? 'a readable copy of 1 part was' : `readable copies of ${cold} parts were`;
  return `${copies} asked for (up to 48 hours, and ${copyDays} days to read): the service goes on by itself when that can be read, or the next run does`;
}

async function neededParts(
  { registry }: ArchiveContext,
  unit: WholeUnit,
  { provedParts }: AwaitCopies,
): Promise<readonly PartRecord[]> {
  if (unit.state !== 'VERIFIED') return unit.parts;
  return partsToProve(unit, await readPurgedRounds(registry, unit), provedParts);
}

/** @returns how many cannot be read yet */
async function ask(
  { registry }: ArchiveContext,
  { stores, signal }: AwaitCopies,
  parts: readonly PartRecord[],
): Promise<number> {
  const limit = pLimit(parallelRequests);
  const cold = await Promise.all(
    parts.map(({ id, key, versionId }) =>
      limit(async () => {
        if (versionId === null) return false;
        const { isCold } = await stores.verifier.head(key, versionId, { signal });
        if (!isCold) return false;
        const outcome = await stores.writer.requestRestore(key, versionId, { days: copyDays, tier, signal });
        if (outcome === 'ready') return false;
        await markCopyAsked(registry, id);
        return true;
      }),
    ),
  );
  return cold.filter(Boolean).length;
}
