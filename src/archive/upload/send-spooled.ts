import type { ArchiveStore } from '../../aws/archive-store.ts';
import type { Spool } from './spool.ts';
import type { SpooledPut } from './spooled-put.ts';
import { type StoredPart, storeObject } from './store-part.ts';

export interface SendSpooledOptions {
  /** Records what is stored, before the local copy goes: only then may the disk forget it. */
  readonly onStored: (put: SpooledPut, stored: StoredPart) => Promise<void>;
  /** As in `WantedStorage`. */
  readonly encryptionRequired?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends what waits, one after the other, checked against its SHA-256 first. Killed anywhere, the next call meets what was
 * stored and adopts it.
 * @returns how many were sent @throws AppError of the first that could not be; it and the rest wait on
 */
export async function sendSpooled(store: ArchiveStore, spool: Spool, options: SendSpooledOptions): Promise<number> {
  const { encryptionRequired, signal } = options;
  let sent = 0;
  for (const put of await spool.list()) {
    const request = await spool.read(put);
    const stored = await storeObject(store, { ...request, encryptionRequired, signal });
    await options.onStored(put, stored);
    await spool.remove(put);
    sent++;
  }
  return sent;
}
