import { Hono } from 'hono';
import { z } from 'zod';
import { listWarnings } from '../../registry/warning/list-warnings.ts';
import type { ApiContext } from '../context.ts';
import { pageBody, readQuery, smallPageFields, text } from '../input.ts';

const listQuery = z.strictObject({ ...smallPageFields, client: text.optional() });

export function warningRoutes({ ingest: { registry } }: ApiContext): Hono {
  const routes = new Hono();
  routes.get('/', async (c) => {
    const { client, ...page } = readQuery(c, listQuery);
    return c.json(pageBody(await listWarnings(registry, { client }, page), page.limit));
  });
  return routes;
}
