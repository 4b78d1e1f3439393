import { Hono } from 'hono';
import { z } from 'zod';
import { listAudit } from '../../registry/audit/list-audit.ts';
import { auditActions } from '../../registry/audit.ts';
import type { ApiContext } from '../context.ts';
import { pageBody, pageFields, readQuery, text } from '../input.ts';

const listQuery = z.strictObject({ ...pageFields, subject: text.optional(), action: z.enum(auditActions).optional() });

export function auditRoutes({ ingest: { registry } }: ApiContext): Hono {
  const routes = new Hono();
  routes.get('/', async (c) => {
    const { subject, action, ...page } = readQuery(c, listQuery);
    return c.json(pageBody(await listAudit(registry, { subject, action }, page), page.limit));
  });
  return routes;
}
