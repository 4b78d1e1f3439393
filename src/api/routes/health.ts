import { Hono } from 'hono';
import { checkHealth } from '../../ingest/health.ts';
import { version } from '../../version.ts';
import type { ApiContext } from '../context.ts';

/** 200 while both databases answer, 503 otherwise; needs no token. */
export function healthRoute({ ingest }: ApiContext): Hono {
  const routes = new Hono();
  routes.get('/', async (c) => {
    const health = await checkHealth(ingest);
    return c.json({ data: { version, ...health } }, health.ok ? 200 : 503);
  });
  return routes;
}
