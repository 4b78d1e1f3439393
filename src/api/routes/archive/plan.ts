import { Hono } from 'hono';
import { z } from 'zod';
import type { PlanEntry } from '../../../archive/plan/plan.ts';
import { planSummary } from '../../../archive/plan/plan-lines.ts';
import { reasonText } from '../../../archive/plan/reason.ts';
import { collectPlan } from '../../../archive/run/collect-plan.ts';
import { archiveName, flag, monthFields, requireOrder, requireSource, tablePattern } from '../../archive-input.ts';
import type { ArchiveApi } from '../../context.ts';
import { pageFields, readQuery } from '../../input.ts';
import { limitParallel } from '../../limit-parallel.ts';
import { requestSignal } from '../../limit-time.ts';

/** Each may count the rows of every table of a source. */
const maxPlans = 4;

/** An entry has no number of its own: the cursor is how many were on the pages before. */
const query = z.strictObject({
  ...pageFields,
  ...monthFields,
  source: archiveName,
  table: tablePattern.optional(),
  policy: archiveName.optional(),
  retryNow: flag.optional(),
});

/** What a run would do now, and why; every page of it is planned anew. */
export function planRoute({ context, signal: stop }: ArchiveApi): Hono {
  const routes = new Hono();
  routes.get('/', limitParallel(maxPlans), async (c) => {
    const { limit, cursor = 0, source, table, policy, from, to, retryNow } = readQuery(c, query);
    requireOrder({ from, to });
    requireSource(context, source);
    const tables = table === undefined ? undefined : [table];
    const policies = policy === undefined ? undefined : [policy];
    const filter = { tables, policies, from, to, retryNow };
    const plan = await collectPlan(context, { source, filter, signal: requestSignal(c.req.raw, stop) });
    const end = cursor + limit;
    const entries = plan.entries.slice(cursor, end).map(entryBody);
    const data = { at: plan.at, summary: planSummary(plan), findings: plan.findings, entries };
    return c.json({ data, next: plan.entries.length > end ? end : null });
  });
  return routes;
}

function entryBody({ reasons, ...entry }: PlanEntry) {
  return { ...entry, reasons: reasons.map((reason) => ({ ...reason, text: reasonText(reason) })) };
}
