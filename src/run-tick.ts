import { hostname } from 'node:os';
import { AppError } from './errors.ts';
import type { Logger } from './log.ts';
import {
  claimTick,
  finishTick,
  listAbandonedTicks,
  releaseTick,
  renewTick,
  type Tick,
  type TickClaim,
  takeOverTick,
} from './registry/job/tick.ts';
import type { Registry } from './registry/registry.ts';

/** One of the services that share a registry. */
export interface Service {
  readonly registry: Registry;
  readonly log: Logger;
  /** How soon the job of a service that was killed may be another's. */
  readonly leaseSeconds: number;
  readonly signal: AbortSignal;
}

/** The signal says that the service stops, or that the tick is another's by now. */
export type TickWork = (signal: AbortSignal) => Promise<unknown>;

/** So many renewals may fail before the lease ends. */
const renewalsOfLease = 4;

/**
 * Does what is due, unless another service does or did.
 * @throws AppError ILLEGAL_STATE on a machine whose clock is ahead; what the work threw; database errors
 */
export async function runTick(service: Service, tick: Tick, work: TickWork): Promise<void> {
  const claim = claimOf(service, tick);
  switch (await claimTick(service.registry, claim)) {
    case 'claimed':
      return underClaim(service, claim, work);
    case 'taken':
      return service.log.debug(tick, 'due, and done by another service');
    case 'behind':
      return service.log.warn(
        tick,
        "not done: a later time was, or this machine's clock is behind the registry's: set it",
      );
    case 'ahead': {
      const text = `due at ${tick.dueAt.toISOString()} by this machine's clock, which is ahead of the registry's: set it`;
      throw new AppError('ILLEGAL_STATE', text);
    }
  }
}

export interface Abandoned {
  readonly job: string;
  readonly run: () => Promise<void>;
}

/**
 * Takes what services that are gone left unfinished; each is to be run at once.
 * @param workOf undefined for a job that this service does not have
 */
export async function takeOverAbandoned(
  service: Service,
  workOf: (job: string) => TickWork | undefined,
): Promise<readonly Abandoned[]> {
  const taken: Abandoned[] = [];
  for (const tick of await listAbandonedTicks(service.registry)) {
    const work = workOf(tick.job);
    const claim = claimOf(service, tick);
    if (work === undefined || !(await takeOverTick(service.registry, claim))) continue;
    service.log.warn(tick, 'taken over from a service that is gone');
    taken.push({ job: tick.job, run: () => underClaim(service, claim, work) });
  }
  return taken;
}

/** A claim is told from every other, those of the same service included. */
function claimOf({ leaseSeconds }: Service, tick: Tick): TickClaim {
  return { ...tick, leaseSeconds, holder: `${hostname()}:${process.pid}:${crypto.randomUUID().slice(0, 8)}` };
}

async function underClaim(service: Service, claim: TickClaim, work: TickWork): Promise<void> {
  const { registry, log, signal, leaseSeconds } = service;
  const { job, dueAt } = claim;
  log.debug({ job, dueAt }, 'due');
  const lost = new AbortController();
  const renew = async () => {
    const isOurs = await renewTick(registry, claim);
    if (!isOurs) lost.abort(new AppError('LEASE_LOST', `${job} is another service's by now`));
  };
  // One that fails is followed by the next, which sees what the others did meanwhile.
  const timer = setInterval(() => void renew().catch(() => undefined), (leaseSeconds * 1_000) / renewalsOfLease);
  try {
    await work(AbortSignal.any([signal, lost.signal]));
  } finally {
    clearInterval(timer);
    await (signal.aborted ? releaseTick(registry, claim) : finishTick(registry, claim));
  }
}
