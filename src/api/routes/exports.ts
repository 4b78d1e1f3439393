import { Hono } from 'hono';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { discoverExport } from '../../ingest/discover/discover-export.ts';
import { checkSchedule } from '../../jobs.ts';
import { changeExport, maxKeepSupersededDays, maxSettleDays } from '../../registry/export/change-export.ts';
import { findExport } from '../../registry/export/find-export.ts';
import { exportSummary, listExports } from '../../registry/export/list-exports.ts';
import { type ApiContext, apiActor } from '../context.ts';
import { month, pageBody, readBody, readPath, readQuery, smallPageFields, text, whole } from '../input.ts';

const exportPath = z.object({ client: text, name: text });
const listQuery = z.strictObject({ ...smallPageFields, client: text.optional() });
const runBody = z.strictObject({ from: month.optional() });
const change = z.strictObject({
  schedule: text.min(1).optional(),
  enabled: z.boolean().optional(),
  settleDays: whole(0, maxSettleDays).optional(),
  keepSupersededDays: whole(0, maxKeepSupersededDays).optional(),
});

export function exportRoutes({ ingest, discoveries, signal }: ApiContext): Hono {
  const { registry } = ingest;
  const routes = new Hono();

  routes.get('/', async (c) => {
    const { client, ...page } = readQuery(c, listQuery);
    return c.json(pageBody(await listExports(registry, { client }, page), page.limit));
  });

  routes.get('/:client/:name', async (c) => {
    const found = await findExport(registry, readPath(c, exportPath));
    return c.json({ data: exportSummary(found) });
  });

  routes.patch('/:client/:name', async (c) => {
    const path = readPath(c, exportPath);
    const wanted = await readBody(c, change);
    if (Object.keys(wanted).length === 0) {
      throw new AppError('BAD_INPUT', `body: give ${Object.keys(change.shape).join(', ')}: one or more of them`);
    }
    if (wanted.schedule !== undefined) checkSchedule(wanted.schedule);
    const found = await findExport(registry, path);
    return c.json({ data: exportSummary(await changeExport(registry, found, { change: wanted, actor: apiActor })) });
  });

  // Accepted, not done: how it went is in the run, and its files are loaded by the workers.
  routes.post('/:client/:name/run', async (c) => {
    const path = readPath(c, exportPath);
    const { from } = await readBody(c, runBody);
    const { id: exportId } = await findExport(registry, path);
    const request = { exportId, from, trigger: 'api', actor: apiActor, signal } as const;
    const runId = await discoveries.start((onStarted) => discoverExport(ingest, { ...request, onStarted }));
    return c.json({ data: { runId } }, 202);
  });

  return routes;
}
