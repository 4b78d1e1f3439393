import type { ArchiveStore } from '../../aws/archive-store.ts';
import { toAppError } from '../../errors.ts';
import { listSpooled, markPartStored } from '../../registry/archive/part-states.ts';
import type { ArchiveContext } from '../context.ts';
import { sendSpooled } from '../upload/send-spooled.ts';

/** Sends what waits on the local disk; what cannot be sent yet goes on waiting, and its unit with it. */
export async function sendSpooledParts(
  { registry, destination, spool, log }: ArchiveContext,
  store: ArchiveStore,
  signal: AbortSignal,
): Promise<void> {
  if (spool === undefined) return;
  const parts = new Map((await listSpooled(registry)).map((part) => [part.key, part]));
  try {
    await sendSpooled(store, spool, {
      encryptionRequired: destination.encryptionRequired,
      signal,
      // One that no part waits for was exported again meanwhile; its object is found by a validation.
      async onStored({ key }, { versionId }) {
        const part = parts.get(key);
        if (part !== undefined) await markPartStored(registry, part.id, versionId);
      },
    });
  } catch (error) {
    const { code, message } = toAppError(error);
    log.warn({ code, err: message }, 'spooled parts could not be sent yet');
  }
}
