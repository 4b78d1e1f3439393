import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { advanceRestore } from '../../../archive/restore/advance-restore.ts';
import { planRestore } from '../../../archive/restore/plan-restore.ts';
import { parseRestoreRequest } from '../../../archive/restore/restore-request.ts';
import { startRestore } from '../../../archive/restore/start-restore.ts';
import { cancelRestore } from '../../../registry/archive/restore.ts';
import { listRestoreSummaries, showRestore } from '../../../registry/archive/show-restore.ts';
import { RestoreState } from '../../../registry/generated/enums.ts';
import { anyFields, archiveName, requireSource } from '../../archive-input.ts';
import { type ArchiveApi, apiActor } from '../../context.ts';
import { id, pageBody, pageFields, readBody, readPath, readQuery } from '../../input.ts';
import { limitParallel } from '../../limit-parallel.ts';
import { requestSignal } from '../../limit-time.ts';
import { restorePlanBody, storedPlanBody } from './restore-plan-body.ts';

/** Each asks the bucket for every object that it would read. */
const maxRestorePlans = 4;

const listQuery = z.strictObject({
  ...pageFields,
  source: archiveName.optional(),
  state: z.enum(RestoreState).optional(),
});
const restorePath = z.object({ id });

export function restoreRoutes({ context, restores, signal }: ArchiveApi): Hono {
  const { registry } = context;
  const limit = limitParallel(maxRestorePlans);
  const routes = new Hono();
  const planAsAsked = async (c: Context) => {
    const request = parseRestoreRequest(await readBody(c, anyFields));
    requireSource(context, request.target.source ?? request.source);
    return planRestore(context, request, requestSignal(c.req.raw, signal));
  };

  routes.get('/', async (c) => {
    const { limit, cursor, ...filter } = readQuery(c, listQuery);
    return c.json(pageBody(await listRestoreSummaries(registry, filter, { limit, cursor }), limit));
  });

  routes.get('/:id', async (c) => {
    const { plan, ...restore } = await showRestore(registry, readPath(c, restorePath).id);
    return c.json({ data: { ...restore, plan: storedPlanBody(plan) } });
  });

  // Nothing is changed, and nothing is recorded.
  routes.post('/plan', limit, async (c) => c.json({ data: restorePlanBody(await planAsAsked(c)) }));

  // Accepted, not done: as far as it gets now it is taken at once, from there on by the job of restores.
  routes.post('/', limit, async (c) => {
    const plan = await planAsAsked(c);
    const restoreId = await restores.start(async (onStarted) => {
      const restore = await startRestore(context, { plan, actor: apiActor });
      onStarted(restore.id);
      await advanceRestore(context, { restoreId: restore.id, signal });
    });
    return c.json({ data: { restoreId, plan: restorePlanBody(plan) } }, 202);
  });

  // What was restored before stays.
  routes.post('/:id/cancel', async (c) => {
    const { id: restoreId } = readPath(c, restorePath);
    await readBody(c, z.strictObject({}));
    await cancelRestore(registry, { id: restoreId, actor: apiActor });
    const { plan, ...restore } = await showRestore(registry, restoreId);
    return c.json({ data: restore });
  });

  return routes;
}
