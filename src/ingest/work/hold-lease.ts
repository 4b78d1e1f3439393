import { toAppError } from '../../errors.ts';
import { type Lease, renewLease } from '../../registry/file/renew-lease.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import type { IngestContext } from '../context.ts';

/** Renewals within one lease: two may fail before it runs out. */
const renewalsPerLease = 3;

export interface HeldLease extends AsyncDisposable {
  /** Aborted, with the reason, when the lease is lost or the caller's own signal is. */
  readonly signal: AbortSignal;
}

/** Keeps a claimed file ours while it is worked on; a lost lease stops the work instead of being worked around. */
export function holdLease(context: IngestContext, lease: Lease, shutdown: AbortSignal): HeldLease {
  const lost = new AbortController();
  const { leaseSeconds } = context.settings;
  let renewing: Promise<void> = Promise.resolve();
  let deadline = Date.now() + leaseSeconds * 1_000;
  const renew = async () => {
    try {
      await renewLease(context.registry, lease, leaseSeconds);
      deadline = Date.now() + leaseSeconds * 1_000;
    } catch (error) {
      const failure = toAppError(toRegistryError(error));
      if (failure.code === 'LEASE_LOST' || Date.now() > deadline) lost.abort(failure);
      else
        context.log.warn({ fileId: lease.fileId, code: failure.code }, 'the lease could not be renewed, trying again');
    }
  };
  const timer = setInterval(
    () => {
      renewing = renewing.then(renew);
    },
    (leaseSeconds * 1_000) / renewalsPerLease,
  );
  return {
    signal: AbortSignal.any([lost.signal, shutdown]),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await renewing;
    },
  };
}
