import { Hono } from 'hono';
import { z } from 'zod';
import { publishByHand } from '../../ingest/publish/publish-by-hand.ts';
import { listDeliveries, shownStates, standingStates } from '../../registry/delivery/list-deliveries.ts';
import { type ApiContext, apiActor } from '../context.ts';
import { id, month, pageBody, pageFields, readBody, readPath, readQuery, text } from '../input.ts';

const placeQuery = { ...pageFields, client: text.optional(), export: text.optional(), period: month.optional() };
const listQuery = z.strictObject({ ...placeQuery, state: z.enum(shownStates).optional() });
const statusQuery = z.strictObject(placeQuery);

/** `status` is how every period stands; `deliveries` is the history of it. */
export function deliveryRoutes({ ingest }: ApiContext): Hono {
  const { registry } = ingest;
  const routes = new Hono();

  routes.get('/status', async (c) => {
    const { limit, cursor, period, ...filter } = readQuery(c, statusQuery);
    const wanted = { ...filter, periodStart: period, states: standingStates };
    return c.json(pageBody(await listDeliveries(registry, wanted, { limit, cursor }), limit));
  });

  routes.get('/deliveries', async (c) => {
    const { limit, cursor, period, state, ...filter } = readQuery(c, listQuery);
    const wanted = { ...filter, periodStart: period, ...(state !== undefined && { states: [state] }) };
    return c.json(pageBody(await listDeliveries(registry, wanted, { limit, cursor }), limit));
  });

  routes.post('/deliveries/:id/publish', async (c) => {
    const { id: deliveryId } = readPath(c, z.object({ id }));
    await readBody(c, z.strictObject({}));
    const outcome = await publishByHand(ingest, { deliveryId, actor: apiActor });
    return c.json({ data: { deliveryId, outcome } });
  });

  return routes;
}
