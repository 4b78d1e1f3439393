import { recordAudit } from '../audit.ts';
import { Prisma, type PrismaClient } from '../generated/client.ts';
import type { ArchiveMode } from '../generated/enums.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';
import type { LockMode } from './unit-record.ts';

/** What a policy wants of the units of one table, as it is now. */
export interface RetentionWish {
  readonly tableId: number;
  readonly mode: ArchiveMode;
  readonly policy: string;
  readonly years: number;
  readonly classification: string;
  readonly lockMode: LockMode;
}

/** What a policy makes of parts that are stored already. */
export interface RetentionEffect {
  readonly policy: string;
  /** Parts that are to be locked longer. */
  readonly longer: number;
  /** Parts that are to go from GOVERNANCE to COMPLIANCE. */
  readonly stronger: number;
  /** Parts that are locked longer or stronger than the policy says: they stay as they are. */
  readonly kept: number;
}

/**
 * Every unit that a wish is about, with what it is to be: never less than it is. What would be over at `now` already is left
 * alone, and so is what is over and of which nothing is left.
 */
function wanted(wishes: readonly RetentionWish[], now: Date): Prisma.Sql {
  return Prisma.sql`(
    select u.id, w.policy as policy_name, w.classification, u.state, u.policy,
           u.retain_until as old_until, u.policy ->> 'lockMode' as old_lock, e.until as policy_until,
           w."lockMode" as policy_lock, case when e.until > ${now} then greatest(u.retain_until, e.until) else u.retain_until end as until,
           case when w."lockMode" = 'COMPLIANCE' then 'COMPLIANCE' else u.policy ->> 'lockMode' end as lock,
           greatest((u.policy ->> 'retentionYears')::int, w.years) as years
      from registry.archive_unit u
      join jsonb_to_recordset(${JSON.stringify(wishes)}::jsonb)
           as w ("tableId" int, mode text, policy text, years int, classification text, "lockMode" text)
        on w."tableId" = u.table_id and w.mode = u.mode::text
      cross join lateral (
        select (u.period + interval '1 month' + make_interval(years => w.years)) at time zone 'UTC' as until) e
     where u.retain_until > ${now}
        or exists (select from registry.archive_part p where p.unit_id = u.id and p.state in ('STORED', 'VERIFIED')))`;
}

/** Counts the stored parts that are to be locked otherwise than they are; those of a policy of which there are none are left out. */
export async function countRetentionEffects(
  registry: Registry,
  wishes: readonly RetentionWish[],
  now: Date,
): Promise<readonly RetentionEffect[]> {
  const rows = await registry.$queryRaw<{ policy: string; longer: bigint; stronger: bigint; kept: bigint }[]>`
    select x.policy_name as "policy", count(*) filter (where p.retain_until < x.until) as "longer",
           count(*) filter (where p.lock_mode = 'GOVERNANCE' and x.lock = 'COMPLIANCE') as "stronger",
           count(*) filter (where p.retain_until > x.policy_until
                                or (p.lock_mode = 'COMPLIANCE' and x.policy_lock = 'GOVERNANCE')) as "kept"
      from ${wanted(wishes, now)} x
      join registry.archive_part p on p.unit_id = x.id
     where p.state in ('STORED', 'VERIFIED')
     group by 1 order by 1`;
  return rows.map(({ policy, longer, stronger, kept }) => ({
    policy,
    longer: safeInteger(longer),
    stronger: safeInteger(stronger),
    kept: safeInteger(kept),
  }));
}

export interface RaiseRetentionRequest {
  readonly now: Date;
  /** Only units whose retention ends within so many days of `now`; undefined: all. */
  readonly endingWithinDays?: number | undefined;
  readonly actor: string;
}

/**
 * Makes the units' own retention and lock mode what their policies want, where that is more; their parts follow one by one.
 * Each policy's change has its audit event. @returns the number of units
 */
export async function raiseRetention(
  registry: PrismaClient,
  wishes: readonly RetentionWish[],
  { now, endingWithinDays, actor }: RaiseRetentionRequest,
): Promise<number> {
  const isDue =
    endingWithinDays === undefined
      ? Prisma.sql`true`
      : Prisma.sql`u.retain_until < ${now}::timestamptz + make_interval(days => ${endingWithinDays}::int)`;
  return registry.$transaction(async (transaction) => {
    // The classification has the limits of the years.
    const raised = await transaction.$queryRaw<{ policy: string; units: bigint; until: Date }[]>`
      with raised as (
        update registry.archive_unit u
           set retain_until = x.until,
               policy = u.policy || jsonb_build_object('lockMode', x.lock)
                 || case when x.until > x.old_until
                         then jsonb_build_object('retentionYears', x.years, 'classification', x.classification)
                         else '{}' end
          from ${wanted(wishes, now)} x
         where u.id = x.id and ${isDue} and (x.until > u.retain_until or x.lock <> u.policy ->> 'lockMode')
        returning x.policy_name, u.retain_until)
      select policy_name as "policy", count(*) as "units", max(retain_until) as "until" from raised group by 1 order by 1`;
    for (const { policy, units, until } of raised) {
      const wish = wishes.find((one) => one.policy === policy);
      const detail = {
        units: safeInteger(units),
        retentionYears: wish?.years ?? 0,
        lockMode: wish?.lockMode ?? '',
        until: until.toISOString(),
      };
      await recordAudit(transaction, { actor, action: 'retention.raised', subject: `policy/${policy}`, detail });
    }
    return raised.reduce((sum, { units }) => sum + safeInteger(units), 0);
  });
}

export type LockedKind = 'part' | 'manifest';

/** A stored object whose lock is shorter or weaker than its unit's. */
export interface LockChange {
  readonly kind: LockedKind;
  readonly id: number;
  readonly source: string;
  /** `2026-01`. */
  readonly month: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly lockMode: LockMode;
  readonly retainUntil: Date;
  readonly wantedMode: LockMode;
  readonly wantedUntil: Date;
}

/**
 * A manifest is locked as long, and as strictly, as the longest and strictest of its month's units with parts, and never gone
 * before one that it follows.
 */
const objects = {
  part: Prisma.sql`(
    select p.id, t.source, u.period, p.bucket, p.key, p.version_id, p.lock_mode, p.retain_until,
           u.policy ->> 'lockMode' as wanted_mode, u.retain_until as wanted_until
      from registry.archive_part p
      join registry.archive_unit u on u.id = p.unit_id
      join registry.archive_table t on t.id = u.table_id
     where p.state in ('STORED', 'VERIFIED'))`,
  manifest: Prisma.sql`(
    select * from (
      select m.id, m.source, m.period, m.bucket, m.key, m.version_id, m.lock_mode, m.retain_until, m.state, w.wanted_mode,
             max(greatest(m.retain_until, w.wanted_until)) over (partition by m.source order by m.sequence) as wanted_until
        from registry.archive_manifest m
        left join (select t.source, u.period, max(u.retain_until) as wanted_until,
                          case when bool_or(u.policy ->> 'lockMode' = 'COMPLIANCE') then 'COMPLIANCE' else 'GOVERNANCE' end
                            as wanted_mode
                     from registry.archive_unit u
                     join registry.archive_table t on t.id = u.table_id
                    where exists (select from registry.archive_part p
                                   where p.unit_id = u.id and p.verified_at is not null)
                    group by 1, 2) w on w.source = m.source and w.period = m.period) chain
     where state = 'STORED')`,
} as const;

export interface LockChangesRequest {
  readonly now: Date;
  readonly source?: string | undefined;
  /** Whether those are listed that differ by their mode alone. */
  readonly withModes: boolean;
  readonly limit: number;
  readonly cursor: number;
}

const isLonger = (now: Date) => Prisma.sql`(o.wanted_until > o.retain_until and o.wanted_until > ${now})`;
const isStronger = Prisma.sql`(o.lock_mode = 'GOVERNANCE' and o.wanted_mode = 'COMPLIANCE')`;

function ofSource(source: string | undefined): Prisma.Sql {
  return source === undefined ? Prisma.sql`true` : Prisma.sql`o.source = ${source}`;
}

/** By id; a page, after the id `cursor`. */
export async function listLockChanges(
  registry: Registry,
  kind: LockedKind,
  { now, source, withModes, limit, cursor }: LockChangesRequest,
): Promise<readonly LockChange[]> {
  const rows = await registry.$queryRaw<(Omit<LockChange, 'id' | 'kind'> & { readonly id: bigint })[]>`
    select o.id, o.source, to_char(o.period, 'YYYY-MM') as "month", o.bucket, o.key, o.version_id as "versionId", o.lock_mode as "lockMode",
           o.retain_until as "retainUntil", coalesce(o.wanted_mode, o.lock_mode) as "wantedMode",
           greatest(o.wanted_until, o.retain_until) as "wantedUntil"
      from ${objects[kind]} o
     where o.id > ${cursor} and ${ofSource(source)}
       and (${isLonger(now)} or (${withModes} and ${isStronger}))
     order by o.id
     limit ${limit}`;
  return rows.map((row) => ({ ...row, kind, id: safeInteger(row.id) }));
}

/** Objects under GOVERNANCE whose units are to be under COMPLIANCE, whose lock is not over. */
export async function countWeakLocks(
  registry: Registry,
  { now, source }: { readonly now: Date; readonly source?: string | undefined },
): Promise<number> {
  const rows = await registry.$queryRaw<{ weak: bigint }[]>`
    select count(*) as weak
      from (select source, lock_mode, wanted_mode, retain_until from ${objects.part} p
            union all select source, lock_mode, wanted_mode, retain_until from ${objects.manifest} m) o
     where ${ofSource(source)} and ${isStronger} and o.retain_until > ${now}`;
  return safeInteger(rows[0]?.weak ?? 0n);
}

/** Records what was put on a version; less than is on record is never recorded. @returns false when that version is not on record any more */
export async function recordLock(
  registry: Registry,
  { kind, id, versionId }: Pick<LockChange, 'kind' | 'id' | 'versionId'>,
  { mode, retainUntil }: { readonly mode: LockMode; readonly retainUntil: Date },
): Promise<boolean> {
  const lock = Prisma.sql`
    retain_until = greatest(retain_until, ${retainUntil}::timestamptz),
    lock_mode = case when lock_mode = 'COMPLIANCE' then lock_mode else ${mode} end`;
  const changed =
    kind === 'part'
      ? await registry.$executeRaw`
          update registry.archive_part set ${lock}, locked_at = now()
           where id = ${id} and version_id = ${versionId} and state in ('STORED', 'VERIFIED')`
      : await registry.$executeRaw`
          update registry.archive_manifest set ${lock}
           where id = ${id} and version_id = ${versionId} and state = 'STORED'`;
  return changed === 1;
}
