import type { Registry } from '../registry.ts';

/** One time at which a job of the clock was due. */
export interface Tick {
  /** The job's name, the same in every service. */
  readonly job: string;
  /** By its schedule, not by anybody's clock. */
  readonly dueAt: Date;
}

export interface TickClaim extends Tick {
  /** Unique to the service and its start. */
  readonly holder: string;
  /** How long it is held without a renewal; a multiple of what a busy service may be late by. */
  readonly leaseSeconds: number;
}

/**
 * `taken`: this or a later one is another's, or one before is still under way. `behind`: the same, and was due so long ago that
 * the caller's clock may be wrong. `ahead`: it is.
 */
export type ClaimOutcome = 'claimed' | 'taken' | 'behind' | 'ahead';

/**
 * A service whose clock is ahead by no more may begin early, and the others then find it done. One that is years ahead would
 * keep all others from their work until then.
 */
const maxAheadSeconds = 60;
/** A service may be late by what it is busy with. */
const maxBehindSeconds = 86_400;
/** A service that dies at it leaves it to the next; but not for ever. */
const maxAttempts = 3;

/**
 * Gives a tick to the first service that asks for it, whichever clock it goes by. What is on record as due in the future was
 * claimed when the registry's own clock was ahead: it keeps nobody from what is due now.
 */
export async function claimTick(registry: Registry, claim: TickClaim): Promise<ClaimOutcome> {
  const { job, dueAt, holder, leaseSeconds } = claim;
  const rows = await registry.$queryRaw<{ ahead: boolean; behind: boolean; claimed: boolean }[]>`
    with wanted as (
      select ${dueAt}::timestamptz as due_at, ${dueAt}::timestamptz > now() + make_interval(secs => ${maxAheadSeconds}) as ahead,
             ${dueAt}::timestamptz < now() - make_interval(secs => ${maxBehindSeconds}) as behind
    ), claimed as (
      insert into registry.job_tick as held (job, due_at, holder, lease_until)
      select ${job}, due_at, ${holder}, now() + make_interval(secs => ${leaseSeconds}::double precision)
        from wanted where not ahead
      on conflict (job) do update
         set due_at = excluded.due_at, holder = excluded.holder, lease_until = excluded.lease_until,
             attempts = 1, claimed_at = now(), finished_at = null
       where held.due_at > now() + make_interval(secs => ${maxAheadSeconds})
          or (held.due_at < excluded.due_at and (held.finished_at is not null or held.lease_until < now()))
      returning job
    )
    select ahead, behind, exists (select from claimed) as claimed from wanted`;
  const [row] = rows;
  if (row?.ahead === true) return 'ahead';
  if (row?.claimed === true) return 'claimed';
  return row?.behind === true ? 'behind' : 'taken';
}

/** Puts the end of the holder's lease off. @returns false when the tick is another's by now */
export async function renewTick(registry: Registry, { job, dueAt, holder, leaseSeconds }: TickClaim): Promise<boolean> {
  const renewed = await registry.$executeRaw`
    update registry.job_tick set lease_until = now() + make_interval(secs => ${leaseSeconds}::double precision)
     where job = ${job} and due_at = ${dueAt}::timestamptz and holder = ${holder} and finished_at is null`;
  return renewed === 1;
}

type HeldTick = Omit<TickClaim, 'leaseSeconds'>;

/** The tick is done with, whether its work succeeded or not: the next one comes. */
export async function finishTick(registry: Registry, { job, dueAt, holder }: HeldTick): Promise<void> {
  await registry.$executeRaw`
    update registry.job_tick set finished_at = now()
     where job = ${job} and due_at = ${dueAt}::timestamptz and holder = ${holder} and finished_at is null`;
}

/** A service that stops gives its tick back: another one may go on at once, and nothing has failed. */
export async function releaseTick(registry: Registry, { job, dueAt, holder }: HeldTick): Promise<void> {
  await registry.$executeRaw`
    update registry.job_tick set lease_until = now(), attempts = attempts - 1
     where job = ${job} and due_at = ${dueAt}::timestamptz and holder = ${holder} and finished_at is null`;
}

/** Ticks whose holder is gone. */
export async function listAbandonedTicks(registry: Registry): Promise<readonly Tick[]> {
  return registry.$queryRaw<Tick[]>`
    select job, due_at as "dueAt" from registry.job_tick
     where finished_at is null and lease_until < now() and attempts < ${maxAttempts} order by due_at`;
}

/** @returns whether the abandoned tick is the caller's now */
export async function takeOverTick(registry: Registry, claim: TickClaim): Promise<boolean> {
  const { job, dueAt, holder, leaseSeconds } = claim;
  const taken = await registry.$executeRaw`
    update registry.job_tick
       set holder = ${holder}, attempts = attempts + 1, claimed_at = now(),
           lease_until = now() + make_interval(secs => ${leaseSeconds}::double precision)
     where job = ${job} and due_at = ${dueAt}::timestamptz and finished_at is null and lease_until < now() and attempts < ${maxAttempts}`;
  return taken === 1;
}
