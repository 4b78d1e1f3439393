import { Hono } from 'hono';
import { z } from 'zod';
import { placeHold } from '../../../archive/holds/place-hold.ts';
import { releaseHold } from '../../../archive/holds/release-hold.ts';
import { tableText } from '../../../archive/policy/table-pattern.ts';
import { listHolds } from '../../../registry/archive/hold.ts';
import { archiveName, flag, monthFields, requireOrder, tableName } from '../../archive-input.ts';
import { type ArchiveApi, apiActor } from '../../context.ts';
import { pageBody, readBody, readPath, readQuery, smallId, smallPageFields, text } from '../../input.ts';
import { requestSignal } from '../../limit-time.ts';

const listQuery = z.strictObject({
  ...smallPageFields,
  source: archiveName.optional(),
  /** Only those in force now. */
  inForce: flag.default(false),
});
const newHold = z.strictObject({
  ...monthFields,
  source: archiveName,
  table: tableName.optional(),
  reason: text.min(1),
  until: z.iso
    .datetime({ offset: true, error: 'give an instant, such as 2027-01-31T00:00:00Z' })
    .transform((value) => new Date(value))
    .optional(),
});
const release = z.strictObject({ reason: text.min(1) });

/** `objects` says what came of it in the bucket; null: it could not be reached, and a job goes on with it. */
export function holdRoutes({ context, signal: stop }: ArchiveApi): Hono {
  const { registry, now } = context;
  const actor = apiActor;
  const routes = new Hono();

  routes.get('/', async (c) => {
    const { limit, cursor = 0, source, inForce } = readQuery(c, listQuery);
    const holds = await listHolds(registry, { source, now: inForce ? now() : undefined });
    return c.json(pageBody(holds.filter(({ id }) => id > cursor).slice(0, limit), limit));
  });

  routes.post('/', async (c) => {
    const { table, ...wanted } = await readBody(c, newHold);
    requireOrder(wanted);
    const signal = requestSignal(c.req.raw, stop);
    const request = { ...wanted, table: table === undefined ? undefined : tableText(table), actor, signal };
    const { hold, objects = null } = await placeHold(context, request);
    return c.json({ data: { ...hold, objects } }, 201);
  });

  routes.post('/:id/release', async (c) => {
    const { id } = readPath(c, z.object({ id: smallId }));
    const { reason } = await readBody(c, release);
    const signal = requestSignal(c.req.raw, stop);
    const { hold, objects = null } = await releaseHold(context, { id, reason, actor, signal });
    return c.json({ data: { ...hold, objects } });
  });

  return routes;
}
