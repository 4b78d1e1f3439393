import pLimit from 'p-limit';
import type { ArchiveStore } from '../../aws/archive-store.ts';
import { type ErrorCode, isAppError, toAppError } from '../../errors.ts';
import { listEndedHolds, releaseHold } from '../../registry/archive/hold.ts';
import {
  type HeldKind,
  type HoldChange,
  listHoldChanges,
  recordObjectHold,
} from '../../registry/archive/object-hold.ts';
import type { ArchiveContext } from '../context.ts';

export interface HoldFailure {
  /** `s3://bucket/key`. */
  readonly object: string;
  readonly code: ErrorCode;
  readonly text: string;
}

export interface HoldReconciliation {
  /** Objects, parts and manifests, on which a legal hold was put, and from which one was taken off. */
  readonly put: number;
  readonly takenOff: number;
  /** Holds that ended by their own date, and were released. */
  readonly ended: number;
  /** Objects that could not be changed; they are tried again the next time. */
  readonly failed: number;
  /** The first of them. */
  readonly failures: readonly HoldFailure[];
}

export interface ReconcileHoldsRequest {
  /** Default: every source. */
  readonly source?: string | undefined;
  readonly signal: AbortSignal;
}

/** Objects read from the registry at once. */
const objectsOfBatch = 500;
/** Each is one small request. */
const parallelChanges = 8;
const maxFailures = 100;
const actor = 'job:holds';

/**
 * Makes the legal holds on the objects those that the holds in force want: parts of a held table and month, and the
 * manifests of the month. What is done is recorded object by object, so one that is stopped goes on where it was. Until
 * then a hold keeps purge, expiry and undo tables from touching anything by the registry alone.
 * @throws AppError when the registry cannot be used, CANCELLED
 */
export async function reconcileHolds(
  context: ArchiveContext,
  { source, signal }: ReconcileHoldsRequest,
): Promise<HoldReconciliation> {
  const ended = await releaseEnded(context);
  const result = { put: 0, takenOff: 0, ended, failed: 0, failures: [] as HoldFailure[] };
  await using store = context.openStore('writer');
  for (const kind of ['part', 'manifest'] as const) {
    for await (const batch of batches(context, { kind, source })) {
      const limit = pLimit(parallelChanges);
      await Promise.all(
        batch.map((change) =>
          limit(async () => {
            signal.throwIfAborted();
            try {
              await apply(context, store, change, signal);
              if (change.isOn) result.put++;
              else result.takenOff++;
            } catch (error) {
              signal.throwIfAborted();
              const { code, message: text } = toAppError(error);
              result.failed++;
              if (result.failures.length < maxFailures) {
                result.failures.push({ object: `s3://${change.bucket}/${change.key}`, code, text });
              }
            }
          }),
        ),
      );
    }
  }
  const [first] = result.failures;
  if (first !== undefined) {
    context.log.error({ failed: result.failed, code: first.code, err: first.text }, 'legal holds could not be set');
  }
  return result;
}

/** Those whose time is over are released with a record, as a person would. */
async function releaseEnded({ registry, now }: ArchiveContext): Promise<number> {
  let ended = 0;
  for (const { id, until } of await listEndedHolds(registry, now())) {
    try {
      await releaseHold(registry, { id, actor, reason: `it was to last until ${until?.toISOString()}` });
      ended++;
    } catch (error) {
      // Somebody was quicker.
      if (!isAppError(error, 'ILLEGAL_STATE')) throw error;
    }
  }
  return ended;
}

async function* batches(
  { registry, now }: ArchiveContext,
  { kind, source }: { readonly kind: HeldKind; readonly source: string | undefined },
): AsyncGenerator<readonly HoldChange[], void> {
  for (let cursor = 0; ; ) {
    const batch = await listHoldChanges(registry, kind, { now: now(), source, limit: objectsOfBatch, cursor });
    if (batch.length > 0) yield batch;
    const last = batch.at(-1);
    if (last === undefined || batch.length < objectsOfBatch) return;
    // By id, so that one that cannot be changed does not come again.
    cursor = last.id;
  }
}

/** A hold that is placed while one is taken off wins: the record is refused, and the hold put on again. */
async function apply(
  { registry, now }: ArchiveContext,
  store: ArchiveStore,
  change: HoldChange,
  signal: AbortSignal,
): Promise<void> {
  const { key, versionId, isOn } = change;
  await store.setLegalHold(key, versionId, isOn, { signal });
  if (await recordObjectHold(registry, change, now())) return;
  if (!isOn) await store.setLegalHold(key, versionId, true, { signal });
}
