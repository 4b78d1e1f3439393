import { dueAt, type Month, monthStart, retainUntil } from '../month.ts';
import type { Policy } from '../policy/policy.ts';
import { holdsOn } from './holds-on.ts';
import type { PlanAction, PlanEntry } from './plan.ts';
import type { Reason } from './reason.ts';
import type { TableFacts } from './table-facts.ts';
import type { HoldFacts, UnitFacts } from './unit-facts.ts';

/** A failed unit waits this long, and twice as long after every further attempt … */
const firstCooldownMillis = 60_000;
/** … up to this: a run of the next day always tries again. */
const longestCooldownMillis = 6 * 3_600_000;

/**
 * A table above this is not read range by range without an index of its time: every range would be a scan of the whole,
 * thousands of times over. Below it stays in the cache of any server.
 */
export const maxUnindexedBytes = 2_000_000_000;

export interface MonthQuestion {
  readonly now: Date;
  readonly policy: Policy;
  readonly facts: TableFacts;
  readonly month: Month;
  /** In the table now; null where nobody counted. */
  readonly rows: number | null;
  readonly unit: UnitFacts | undefined;
  /** What the table was when it was archived last. */
  readonly lastDefinitionSha256: string | undefined;
  readonly holds: readonly HoldFacts[];
  readonly retryNow: boolean;
}

interface Decision {
  readonly action: PlanAction;
  readonly reasons: readonly Reason[];
}

/** What is to be done about one month of one table. */
export function planMonth(question: MonthQuestion): PlanEntry {
  const { policy, facts, month, rows, unit } = question;
  const { source, schema, table } = facts;
  const obstacles = purgeObstacles(question);
  const wanted = unit === undefined ? decideNew(question) : decideUnit(question, unit, obstacles);
  const decided = refuseUnindexed(question, refuseUnlockable(question, wanted));
  const purges = decided.action !== 'none' && policy.mode === 'monthly' && obstacles.length === 0;
  const told =
    decided.action === 'none'
      ? holdReasons(question)
      : [...driftReasons(question, decided), ...coldReasons(unit), ...obstacles];
  return {
    source,
    schema,
    table,
    policy: policy.name,
    mode: policy.mode,
    month,
    action: decided.action,
    purges: purges && !isUnindexed(question),
    rows,
    tableBytes: facts.sizeBytes,
    unitId: unit?.id ?? null,
    retainUntil: unit?.retainUntil ?? retainUntil(month, policy.retentionYears),
    reasons: withoutRepeats([...decided.reasons, ...told]),
  };
}

function decideNew({ now, policy, month }: MonthQuestion): Decision {
  const since = policy.mode === 'snapshot' ? monthStart(month) : dueAt(month, policy.hotDays);
  return since <= now
    ? { action: 'export', reasons: [{ code: 'due', since }] }
    : { action: 'none', reasons: [{ code: 'not-yet', until: since }] };
}

function decideUnit(question: MonthQuestion, unit: UnitFacts, obstacles: readonly Reason[]): Decision {
  switch (unit.state) {
    case 'PLANNED':
      return { action: 'resume', reasons: [{ code: 'unfinished', state: unit.state }] };
    case 'EXPORTED':
      return { action: 'verify', reasons: [{ code: 'unfinished', state: unit.state }] };
    case 'FAILED':
      return decideFailed(question, unit);
    case 'VERIFIED':
    case 'PURGED':
      return question.policy.mode === 'snapshot'
        ? { action: 'none', reasons: [archived(unit)] }
        : decideArchived(question, unit, obstacles);
  }
}

function decideFailed({ now, retryNow }: MonthQuestion, unit: UnitFacts): Decision {
  const failed: Reason = { code: 'failed-before', attempts: unit.attempts, error: unit.error ?? 'unknown error' };
  const cooldownMillis = Math.min(firstCooldownMillis * 2 ** Math.max(0, unit.attempts - 1), longestCooldownMillis);
  const until = new Date((unit.failedAt?.getTime() ?? 0) + cooldownMillis);
  if (retryNow || until <= now) return { action: 'resume', reasons: [failed] };
  return { action: 'none', reasons: [failed, { code: 'in-cooldown', until }] };
}

/**
 * Rows are compared by their number: what tells a changed row from an archived one is the digest, of a purge. Rows that a
 * restore put back are archived already, so as long as they are to stay, as many as were purged are expected.
 */
function decideArchived(question: MonthQuestion, unit: UnitFacts, obstacles: readonly Reason[]): Decision {
  const { now, policy, month } = question;
  const left = unit.state === 'PURGED' ? 0 : Math.max(0, unit.rows - unit.departed - unit.purged);
  const rows = question.rows ?? left;
  const late = rows - left - (isRestored(question) ? unit.purged : 0);
  if (late > 0 && dueAt(month, policy.hotDays) <= now) {
    return { action: 'further-part', reasons: [{ code: 'late-rows', rows: late }] };
  }
  const gone: readonly Reason[] = left > rows ? [{ code: 'rows-gone', rows: left - rows }] : [];
  // Of a month without any row nothing can be purged. Compared with it, every archived row would be on record as departed.
  const isEmptied = rows === 0 && left > 0 && !unit.isPurgeUnsettled;
  if (unit.state === 'VERIFIED' && obstacles.length === 0 && !isEmptied) {
    return { action: 'purge', reasons: [{ code: 'due', since: dueAt(month, policy.hotDays) }, ...gone] };
  }
  const waiting: readonly Reason[] = unit.state === 'PURGED' ? undoReasons(question, unit) : obstacles;
  return { action: 'none', reasons: [archived(unit), ...gone, ...waiting] };
}

/** Everything that keeps this month's rows in the database. */
function purgeObstacles(question: MonthQuestion): readonly Reason[] {
  const { now, policy, month, unit } = question;
  if (policy.mode === 'snapshot') return [];
  if (!policy.purge) return [{ code: 'purge-off' }, ...holdReasons(question)];
  const until = dueAt(month, policy.hotDays);
  return [
    ...(until > now ? [{ code: 'not-yet', until } as const] : []),
    ...holdReasons(question),
    ...(isRestored(question) && unit?.keepUntil != null
      ? [{ code: 'restored-until', until: unit.keepUntil } as const]
      : []),
  ];
}

function holdReasons({ holds, facts, month, now }: MonthQuestion): readonly Reason[] {
  const { source, schema, table } = facts;
  return holdsOn(holds, { source, schema, table, month }, now).map(({ id, reason, until }) => {
    return { code: 'held', hold: id, reason, until };
  });
}

function undoReasons(question: MonthQuestion, { undoUntil, keepUntil }: UnitFacts): readonly Reason[] {
  return [
    ...(undoUntil !== null && undoUntil > question.now ? [{ code: 'undo-window', until: undoUntil } as const] : []),
    ...(isRestored(question) && keepUntil !== null ? [{ code: 'restored-until', until: keepUntil } as const] : []),
  ];
}

/** A table that changed since is archived as it is now; what was archived before keeps its own definition. */
function driftReasons({ facts, unit, lastDefinitionSha256 }: MonthQuestion, { action }: Decision): readonly Reason[] {
  const from = unit?.definitionSha256 ?? lastDefinitionSha256;
  const to = facts.definitionSha256;
  // A verification reads the bucket alone.
  return from === undefined || from === to || action === 'verify' ? [] : [{ code: 'schema-drifted', from, to }];
}

/** Its parts have to be read, and lie in a cold class: a run does no harm, and waits as well. */
function coldReasons(unit: UnitFacts | undefined): readonly Reason[] {
  return unit?.copyAskedAt == null ? [] : [{ code: 'cold', since: unit.copyAskedAt }];
}

/** What has to be written would have to be locked until a moment that has passed. */
function refuseUnlockable({ now, policy, month, unit }: MonthQuestion, decision: Decision): Decision {
  const since = unit?.retainUntil ?? retainUntil(month, policy.retentionYears);
  const writes = decision.action === 'export' || decision.action === 'resume' || decision.action === 'further-part';
  if (!writes || since > now) return decision;
  return { action: 'none', reasons: [{ code: 'retention-over', since }] };
}

function refuseUnindexed(question: MonthQuestion, decision: Decision): Decision {
  const { policy, facts } = question;
  const needsTable = decision.action !== 'none' && decision.action !== 'verify';
  if (!(needsTable && isUnindexed(question))) return decision;
  const refused: Reason = {
    code: 'no-index',
    column: policy.timeColumn ?? '',
    sizeBytes: facts.sizeBytes,
    isRefused: true,
  };
  return { action: 'none', reasons: [refused, ...decision.reasons] };
}

function isUnindexed({ policy, facts }: MonthQuestion): boolean {
  return policy.mode === 'monthly' && !facts.hasTimeIndex && facts.sizeBytes > maxUnindexedBytes;
}

function isRestored({ now, unit }: MonthQuestion): boolean {
  return unit?.keepUntil != null && unit.keepUntil > now;
}

function archived({ rows, state }: UnitFacts): Reason {
  return { code: 'already-archived', rows, isPurged: state === 'PURGED' };
}

function withoutRepeats(reasons: readonly Reason[]): readonly Reason[] {
  const texts = reasons.map((reason) => JSON.stringify(reason));
  return reasons.filter((_, i) => texts.indexOf(texts[i] ?? '') === i);
}
