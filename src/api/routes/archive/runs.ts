import { Hono } from 'hono';
import { z } from 'zod';
import { askRun } from '../../../archive/run/ask-run.ts';
import { findArchiveRun, listArchiveRuns } from '../../../registry/archive/list-archive-runs.ts';
import { archiveName, monthFields, requireOrder, requireSource, tablePattern } from '../../archive-input.ts';
import { type ArchiveApi, apiActor } from '../../context.ts';
import { id, pageBody, pageFields, readBody, readPath, readQuery } from '../../input.ts';

/** A longer list is a policy's to say. */
const maxNamed = 100;

const listQuery = z.strictObject({ ...pageFields, source: archiveName.optional() });
const runBody = z.strictObject({
  ...monthFields,
  source: archiveName,
  tables: z.array(tablePattern).min(1).max(maxNamed).optional(),
  policies: z.array(archiveName).min(1).max(maxNamed).optional(),
  retryNow: z.boolean().optional(),
});

export function runRoutes({ context, runs, signal }: ArchiveApi): Hono {
  const { registry } = context;
  const routes = new Hono();

  routes.get('/', async (c) => {
    const { limit, cursor, source } = readQuery(c, listQuery);
    return c.json(pageBody(await listArchiveRuns(registry, { source }, { limit, cursor }), limit));
  });

  routes.get('/:id', async (c) => {
    return c.json({ data: await findArchiveRun(registry, readPath(c, z.object({ id })).id) });
  });

  // Accepted, not done: how it went is in the run, and what became of each month in its unit.
  routes.post('/', async (c) => {
    const { source, ...filter } = await readBody(c, runBody);
    requireOrder(filter);
    requireSource(context, source);
    const request = { source, filter, trigger: 'api', actor: apiActor, signal } as const;
    const runId = await runs.start((onStarted) => askRun(context, { ...request, onStarted }));
    return c.json({ data: { runId } }, 202);
  });

  return routes;
}
