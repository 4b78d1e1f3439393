import { Hono } from 'hono';
import { z } from 'zod';
import { defaultRegion, registerRole } from '../../ingest/clients/register-role.ts';
import { findClient } from '../../registry/client/find-client.ts';
import { findRole, listRoles } from '../../registry/role/list-roles.ts';
import { type ApiContext, apiActor } from '../context.ts';
import { pageBody, readBody, readPath, readQuery, smallId, smallPageFields, text } from '../input.ts';

const clientPath = z.object({ client: text });
const rolePath = z.object({ client: text, id: smallId });
const newRole = z.strictObject({ arn: text, region: text.default(defaultRegion) });

/** The external ID is in the answers that are about one role, never in a list. */
export function roleRoutes({ ingest }: ApiContext): Hono {
  const { registry } = ingest;
  const routes = new Hono();

  routes.get('/', async (c) => {
    const { client } = readPath(c, clientPath);
    const page = readQuery(c, z.strictObject(smallPageFields));
    await findClient(registry, client);
    return c.json(pageBody(await listRoles(registry, { client }, page), page.limit));
  });

  routes.post('/', async (c) => {
    const { client } = readPath(c, clientPath);
    const { arn, region } = await readBody(c, newRole);
    return c.json({ data: await registerRole(ingest, { client, arn, region, actor: apiActor }) }, 201);
  });

  routes.get('/:id', async (c) => c.json({ data: await findRole(registry, readPath(c, rolePath)) }));

  return routes;
}
