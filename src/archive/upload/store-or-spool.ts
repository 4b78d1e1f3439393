import type { ArchiveStore } from '../../aws/archive-store.ts';
import { AppError, type ErrorCode, isAppError } from '../../errors.ts';
import type { ArchiveContext } from '../context.ts';
import { type StoredPart, type StoreRequest, storeObject } from './store-part.ts';

export type StoreOutcome = ({ readonly kind: 'stored' } & StoredPart) | { readonly kind: 'spooled' };

/** The bucket cannot be reached, or does not work: nothing that is wrong with this object. */
const outOfReach: readonly ErrorCode[] = ['NETWORK', 'TIMEOUT', 'THROTTLED', 'SERVER_ERROR'];

/**
 * Stores an object, or lets it wait in the spool while the bucket is out of reach. Without a spool, or when it is full, the
 * failure is the caller's.
 * @throws AppError as `storeObject`
 */
export async function storeOrSpool(
  { spool, log }: Pick<ArchiveContext, 'spool' | 'log'>,
  store: ArchiveStore,
  request: StoreRequest,
): Promise<StoreOutcome> {
  try {
    return { kind: 'stored', ...(await storeObject(store, request)) };
  } catch (error) {
    if (spool === undefined || !isAppError(error, ...outOfReach)) throw error;
    const outcome = await spool.add(request);
    log.warn({ key: request.key, code: error.code, ...outcome }, 'the bucket is out of reach');
    if (outcome.kind === 'spooled') return outcome;
    const text = `${error.message}; nor does the spool take it: ${outcome.why}`;
    throw new AppError(error.code, text, { cause: error });
  }
}
