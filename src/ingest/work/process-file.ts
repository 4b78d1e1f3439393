import { AppError, isTransient, toAppError } from '../../errors.ts';
import type { LoadedFile } from '../../raw/load-file.ts';
import type { ClaimedFile } from '../../registry/file/claim-file.ts';
import { markFailed } from '../../registry/file/mark-failed.ts';
import { markIngested } from '../../registry/file/mark-ingested.ts';
import { releaseFile } from '../../registry/file/release-file.ts';
import type { Lease } from '../../registry/file/renew-lease.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import { step } from '../../steps.ts';
import type { IngestContext } from '../context.ts';
import { type LoadOptions, loadClaimed } from '../load/load-claimed.ts';
import { publishComplete } from '../publish/publish-complete.ts';
import { holdLease } from './hold-lease.ts';
import { retryDelaySeconds } from './retry-delay.ts';

/** Another transaction is at the file: most likely a dying one, which PostgreSQL notices within seconds. */
const busyDelaySeconds = 5;

/** What became of a claimed file. */
export type Processed = 'ingested' | 'failed' | 'will-retry' | 'given-back';

export interface ProcessOptions extends LoadOptions {
  readonly owner: string;
}

/** Loads a claimed file and brings the registry in line with what came of it. Never throws for the file's own faults. */
export async function processFile(
  context: IngestContext,
  file: ClaimedFile,
  options: ProcessOptions,
): Promise<Processed> {
  const lease = { fileId: file.id, owner: options.owner };
  step('file.claimed', file.id);
  await using held = holdLease(context, lease, options.signal);
  try {
    const result = await loadClaimed(context, file, { ...options, signal: held.signal });
    if (result.outcome === 'busy') {
      await releaseFile(context.registry, lease, {
        delaySeconds: busyDelaySeconds,
        errorCode: null,
        errorText: null,
        counts: false,
      });
      return 'given-back';
    }
    await settleIngested(context, file, result.file);
    return 'ingested';
  } catch (error) {
    return await settleFailure(context, {
      file,
      lease,
      failure: failureOf(error, held.signal),
      shutdown: options.signal,
    });
  }
}

async function settleIngested(context: IngestContext, file: ClaimedFile, loaded: LoadedFile): Promise<void> {
  step('file.before-registry', file.id);
  await markIngested(context.registry, loaded);
  step('file.after-registry', file.id);
  context.log.info(
    { fileId: file.id, client: file.client, export: file.exportName, key: file.key, rows: loaded.rows },
    'file ingested',
  );
  await publishWhenWhole(context, file);
}

/** What keeps a publish from happening says nothing about the file, and the next reconciliation publishes. */
async function publishWhenWhole(context: IngestContext, file: ClaimedFile): Promise<void> {
  try {
    await publishComplete(context, { deliveryId: file.deliveryId });
  } catch (error) {
    const { code, message: err } = toAppError(toRegistryError(error));
    context.log.error({ deliveryId: file.deliveryId, code, err }, 'the delivery could not be published yet');
  }
}

/** An abort shows as whatever it interrupted; its reason says what it was. */
function failureOf(error: unknown, signal: AbortSignal): AppError {
  if (signal.aborted) {
    if (signal.reason instanceof AppError) return signal.reason;
    return new AppError('CANCELLED', 'the service is shutting down', { cause: signal.reason });
  }
  return toAppError(toRegistryError(error));
}

interface Failed {
  readonly file: ClaimedFile;
  readonly lease: Lease;
  readonly failure: AppError;
  readonly shutdown: AbortSignal;
}

async function settleFailure(context: IngestContext, { file, lease, failure, shutdown }: Failed): Promise<Processed> {
  const { maxAttempts, retryBaseSeconds, retryCapSeconds } = context.settings;
  const { code, message: text } = failure;
  const log = context.log.child({ fileId: file.id, client: file.client, export: file.exportName, key: file.key, code });
  if (shutdown.aborted || code === 'LEASE_LOST') {
    log.info('file given back');
    const release = { delaySeconds: 0, errorCode: null, errorText: null, counts: false };
    await releaseFile(context.registry, lease, release);
    return 'given-back';
  }
  // The database's own outage says nothing about the file: it must not use up the file's attempts.
  const counts = code !== 'DATABASE_UNAVAILABLE';
  if (isTransient(code) && (file.attempts < maxAttempts || !counts)) {
    const delaySeconds = retryDelaySeconds({
      baseSeconds: retryBaseSeconds,
      capSeconds: retryCapSeconds,
      attempts: file.attempts,
      random: Math.random(),
    });
    log.warn({ delaySeconds, err: text }, 'file will be tried again');
    await releaseFile(context.registry, lease, { delaySeconds, errorCode: code, errorText: text, counts });
    return 'will-retry';
  }
  log.error({ err: text }, 'file failed');
  await markFailed(context.registry, lease, { code, text });
  return 'failed';
}
