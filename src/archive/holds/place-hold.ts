import { AppError, toAppError } from '../../errors.ts';
import { type Hold, placeHold as recordHold } from '../../registry/archive/hold.ts';
import { listTableNames } from '../../registry/archive/selection.ts';
import type { ArchiveContext } from '../context.ts';
import { type Month, parseMonth } from '../month.ts';
import { listStored } from '../policy/apply-policies.ts';
import { matchesTable, tableText } from '../policy/table-pattern.ts';
import { type HoldReconciliation, reconcileHolds } from './reconcile-holds.ts';

export interface PlaceHoldRequest {
  readonly source: string;
  /** `schema.table`; absent: every table of the source. */
  readonly table?: string | undefined;
  /** First and last month; absent: open on that side. */
  readonly from?: Month | undefined;
  readonly to?: Month | undefined;
  /** Why: kept, and told to whom it stops. */
  readonly reason: string;
  /** Released by itself then; absent: until somebody releases it. */
  readonly until?: Date | undefined;
  readonly actor: string;
  readonly signal: AbortSignal;
}

export interface HoldOutcome {
  readonly hold: Hold;
  /** What came of it in the bucket; undefined: it could not be reached, and the job of holds goes on with it. */
  readonly objects: HoldReconciliation | undefined;
}

const maxReasonLength = 1_000;

/**
 * Places a hold: from the moment that it is recorded nothing under it is purged, dropped or called expired, and then it is
 * put on the objects.
 * @throws AppError BAD_INPUT, NOT_FOUND for a source or a table that the archive does not know
 */
export async function placeHold(context: ArchiveContext, request: PlaceHoldRequest): Promise<HoldOutcome> {
  const { source, table = null, from = null, to = null, until = null, actor, signal } = request;
  const reason = requireReason(request.reason);
  requireMonths(from, to);
  if (until !== null && !(until > context.now())) {
    throw new AppError('BAD_INPUT', `a hold until ${dateText(until)} would be over before it began`);
  }
  await requireKnown(context, source, table);
  const hold = await recordHold(context.registry, { source, table, from, to, reason, until, actor });
  return { hold, objects: await reconcileNow(context, { source, signal }) };
}

/** The hold stands whatever the bucket says now. */
export async function reconcileNow(
  context: ArchiveContext,
  request: { readonly source: string; readonly signal: AbortSignal },
): Promise<HoldReconciliation | undefined> {
  try {
    return await reconcileHolds(context, request);
  } catch (error) {
    const { code, message } = toAppError(error);
    context.log.warn({ source: request.source, code, err: message }, 'legal holds are set later');
    return undefined;
  }
}

/** @throws AppError BAD_INPUT */
export function requireReason(text: string): string {
  const reason = text.trim();
  if (reason === '') throw new AppError('BAD_INPUT', 'say why: a reason is kept with the hold');
  if (reason.length <= maxReasonLength) return reason;
  throw new AppError('BAD_INPUT', `the reason has ${reason.length} characters: at most ${maxReasonLength} are kept`);
}

function requireMonths(from: Month | null, to: Month | null): void {
  if (from !== null) parseMonth(from);
  if (to !== null) parseMonth(to);
  if (from !== null && to !== null && to < from) {
    throw new AppError('BAD_INPUT', `the months from ${from} to ${to} are none: the last comes before the first`);
  }
}

/** A hold on a name with a slip in it would hold nothing. */
async function requireKnown(
  { registry, sources }: ArchiveContext,
  source: string,
  table: string | null,
): Promise<void> {
  const archived = await listTableNames(registry, source);
  if (!sources.names.includes(source) && archived.length === 0) {
    throw new AppError('NOT_FOUND', `there is no source database ${source}: known are ${sources.names.join(', ')}`);
  }
  if (table === null || archived.some((name) => tableText(name) === table)) return;
  const name = splitTable(table);
  const policies = await listStored(registry, source);
  if (policies.some(({ policy }) => policy.tables.some((pattern) => matchesTable(pattern, name)))) return;
  throw new AppError('NOT_FOUND', `${table} is no table of ${source} that is archived or that a policy names`);
}

/** At the first dot, as table patterns are. */
function splitTable(table: string): { readonly schema: string; readonly table: string } {
  const dot = table.indexOf('.');
  if (dot > 0 && dot < table.length - 1 && !/[*?]/.test(table)) {
    return { schema: table.slice(0, dot), table: table.slice(dot + 1) };
  }
  throw new AppError('BAD_INPUT', `${JSON.stringify(table)} is no table: write it as schema.table`);
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'no date' : date.toISOString();
}
