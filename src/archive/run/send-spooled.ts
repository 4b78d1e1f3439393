import pLimit from 'p-limit';
import type { ArchiveStore } from '../../aws/archive-store.ts';
import { toAppError } from '../../errors.ts';
import { listSpooled, markPartStored } from '../../registry/archive/part-states.ts';
import type { ArchiveContext } from '../context.ts';
import { sendSpooled } from '../upload/send-spooled.ts';
import type { Spool } from '../upload/spool.ts';

/** A run and the job that comes by would both send the same. */
const turns = new WeakMap<Spool, ReturnType<typeof pLimit>>();

/** Sends what waits on the local disk; what cannot be sent yet goes on waiting, and its unit with it. */
export async function sendSpooledParts(
  context: ArchiveContext,
  store: ArchiveStore,
  signal: AbortSignal,
): Promise<void> {
  const { spool, log } = context;
  if (spool === undefined) return;
  const turn = turns.get(spool) ?? pLimit(1);
  turns.set(spool, turn);
  try {
    await turn(() => sendAll(context, spool, store, signal));
  } catch (error) {
    const { code, message } = toAppError(error);
    log.warn({ code, err: message }, 'spooled parts could not be sent yet');
  }
}

/** The same for whoever has no store open: only where something waits is one opened. */
export async function sendOwnSpool(context: ArchiveContext, signal: AbortSignal): Promise<void> {
  if (((await context.spool?.list()) ?? []).length === 0) return;
  await using writer = context.openStore('writer');
  await sendSpooledParts(context, writer, signal);
}

async function sendAll(
  { registry, destination }: ArchiveContext,
  spool: Spool,
  store: ArchiveStore,
  signal: AbortSignal,
): Promise<void> {
  const parts = new Map((await listSpooled(registry)).map((part) => [part.key, part]));
  await sendSpooled(store, spool, {
    encryptionRequired: destination.encryptionRequired,
    signal,
    // One that no part waits for was exported again meanwhile; its object is found by a validation.
    async onStored({ key }, { versionId }) {
      const part = parts.get(key);
      if (part !== undefined) await markPartStored(registry, part.id, versionId);
    },
  });
}
