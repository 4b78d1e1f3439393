import pLimit from 'p-limit';
import type { ArchiveStore } from '../../aws/archive-store.ts';
import { type AppError, isAppError, toAppError } from '../../errors.ts';
import type { PartRecord } from '../../registry/archive/unit-record.ts';

/** Where a part lies, as the bucket says; or what the registry has on record, where it does not. */
export interface PartPlace {
  readonly storageClass: string;
  readonly isCold: boolean;
  readonly isAssumed: boolean;
  /** The version is not there any more. */
  readonly failure: AppError | undefined;
}

/** A HEAD each: a plan of ten thousand parts takes half a minute. */
const maxParallelHeads = 16;

/** By part id. */
export async function lookAtObjects(
  store: ArchiveStore,
  parts: readonly PartRecord[],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, PartPlace>> {
  const limit = pLimit(maxParallelHeads);
  const places = await Promise.all(
    parts.map((part) => limit(async () => [part.id, await lookAt(store, part, signal)] as const)),
  );
  return new Map(places);
}

async function lookAt(store: ArchiveStore, part: PartRecord, signal: AbortSignal): Promise<PartPlace> {
  signal.throwIfAborted();
  try {
    const { storageClass, isCold } = await store.head(part.key, part.versionId ?? '', { signal });
    return { storageClass, isCold, isAssumed: false, failure: undefined };
  } catch (error) {
    signal.throwIfAborted();
    const failure = isAppError(error, 'FILE_MISSING') ? toAppError(error) : undefined;
    return { storageClass: part.storageClass, isCold: false, isAssumed: true, failure };
  }
}
