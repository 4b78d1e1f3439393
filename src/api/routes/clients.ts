import { Hono } from 'hono';
import { z } from 'zod';
import { offboardClient } from '../../ingest/clients/offboard-client.ts';
import { discoverPrefix } from '../../ingest/discover/discover-prefix.ts';
import { preflightClient } from '../../ingest/preflight/preflight-client.ts';
import { createClient } from '../../registry/client/create-client.ts';
import { listClients } from '../../registry/client/list-clients.ts';
import { fromStoredKind } from '../../registry/export/export-kind.ts';
import { type ApiContext, apiActor } from '../context.ts';
import { month, pageBody, readBody, readPath, readQuery, smallPageFields, text } from '../input.ts';
import { requestSignal } from '../limit-time.ts';

const namePath = z.object({ client: text });
const newClient = z.strictObject({ name: text, title: text.min(1).optional() });
const place = { bucket: text, prefix: text.default(''), roleArn: text.optional() };
const preflightBody = z.strictObject(place);
const discoverBody = z.strictObject({ ...place, from: month.optional(), kind: z.literal('files').optional() });

export function clientRoutes({ ingest, signal: stop }: ApiContext): Hono {
  const { registry } = ingest;
  const actor = apiActor;
  const routes = new Hono();

  routes.get('/', async (c) => {
    const page = readQuery(c, z.strictObject(smallPageFields));
    return c.json(pageBody(await listClients(registry, page), page.limit));
  });

  routes.post('/', async (c) => {
    const { id, name, title, createdAt } = await createClient(registry, { ...(await readBody(c, newClient)), actor });
    return c.json({ data: { id, name, title, createdAt } }, 201);
  });

  routes.delete('/:client', async (c) => {
    const { client: name } = readPath(c, namePath);
    const deliveriesDropped = await offboardClient(ingest, { name, actor });
    return c.json({ data: { client: name, deliveriesDropped } });
  });

  routes.post('/:client/preflight', async (c) => {
    const { client } = readPath(c, namePath);
    const wanted = await readBody(c, preflightBody);
    const signal = requestSignal(c.req.raw, stop);
    return c.json({ data: await preflightClient(ingest, { client, ...wanted, actor, signal }) });
  });

  routes.post('/:client/discover', async (c) => {
    const { client } = readPath(c, namePath);
    const wanted = await readBody(c, discoverBody);
    const signal = requestSignal(c.req.raw, stop);
    const found = await discoverPrefix(ingest, { client, ...wanted, trigger: 'api', actor, signal });
    const exports = found.exports.map(({ id, name, kind, root }) => ({ id, name, kind: fromStoredKind(kind), root }));
    return c.json({ data: { ...found, exports } });
  });

  return routes;
}
