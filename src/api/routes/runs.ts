import { Hono } from 'hono';
import { z } from 'zod';
import { findRun, listRuns } from '../../registry/run/list-runs.ts';
import type { ApiContext } from '../context.ts';
import { id, pageBody, pageFields, readPath, readQuery, text } from '../input.ts';

const listQuery = z.strictObject({ ...pageFields, client: text.optional(), export: text.optional() });

export function runRoutes({ ingest: { registry } }: ApiContext): Hono {
  const routes = new Hono();

  routes.get('/', async (c) => {
    const { limit, cursor, ...filter } = readQuery(c, listQuery);
    return c.json(pageBody(await listRuns(registry, filter, { limit, cursor }), limit));
  });

  routes.get('/:id', async (c) => c.json({ data: await findRun(registry, readPath(c, z.object({ id })).id) }));

  return routes;
}
