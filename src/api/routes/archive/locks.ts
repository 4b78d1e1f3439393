import { Hono } from 'hono';
import { z } from 'zod';
import { extendLocks, planLocks } from '../../../archive/locks/extend-locks.ts';
import { archiveName, requireSource } from '../../archive-input.ts';
import { type ArchiveApi, apiActor } from '../../context.ts';
import { readBody, readQuery } from '../../input.ts';
import { requestSignal } from '../../limit-time.ts';

const scope = z.strictObject({ source: archiveName.optional() });

/** GOVERNANCE is never bypassed from here: that is the command line's, for a person. */
export function lockRoutes({ context, signal: stop }: ArchiveApi): Hono {
  const routes = new Hono();

  routes.get('/', async (c) => {
    const { source } = readQuery(c, scope);
    requireSource(context, source);
    return c.json({ data: await planLocks(context, source) });
  });

  routes.post('/extend', async (c) => {
    const { source } = await readBody(c, scope);
    requireSource(context, source);
    const signal = requestSignal(c.req.raw, stop);
    return c.json({ data: await extendLocks(context, { source, actor: apiActor, signal }) });
  });

  return routes;
}
