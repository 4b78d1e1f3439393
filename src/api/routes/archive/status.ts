import { Hono } from 'hono';
import { z } from 'zod';
import { listStored } from '../../../archive/policy/apply-policies.ts';
import { archiveStatus, type TableStatus } from '../../../archive/status/archive-status.ts';
import { nextRun } from '../../../jobs.ts';
import { sumStatus } from '../../../registry/archive/status-totals.ts';
import { archiveName, monthFields, requireOrder, tableName } from '../../archive-input.ts';
import type { ArchiveApi } from '../../context.ts';
import { readQuery, smallPageFields, whole } from '../../input.ts';

/** Of tables, each of which comes with every one of its months. */
const maxTables = 100;

const query = z.strictObject({
  ...smallPageFields,
  ...monthFields,
  limit: whole(1, maxTables).default(maxTables),
  source: archiveName.optional(),
  table: tableName.optional(),
});

/**
 * How every table and month stands, as the registry has it: no source and no bucket is asked. `totals` are of all that
 * the filter names, not of the page alone; `refused` are the policies of which nothing is done, with the reason.
 */
export function statusRoute({ context }: ArchiveApi): Hono {
  const { registry, now } = context;
  const routes = new Hono();
  routes.get('/', async (c) => {
    const { limit, cursor, table, ...given } = readQuery(c, query);
    requireOrder(given);
    const filter = { ...given, ...table };
    const { tables, refused, nextCursor } = await archiveStatus(context, filter, { limit, cursor });
    const totals = await sumStatus(registry, filter);
    const enabled = (await listStored(registry)).filter(({ policy }) => policy.enabled);
    const schedules = new Map(enabled.map(({ policy }) => [policy.name, policy.schedule]));
    const body = ({ months, ...rest }: TableStatus) => {
      const schedule = rest.policy === null ? undefined : schedules.get(rest.policy);
      const next = schedule === undefined ? null : nextRun(schedule, now());
      return { ...rest, nextRun: next, months: months.map(({ tableId, ...month }) => month) };
    };
    return c.json({ data: tables.map(body), next: nextCursor, totals, refused });
  });
  return routes;
}
