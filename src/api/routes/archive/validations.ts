import { Hono } from 'hono';
import { z } from 'zod';
import { validateArchive } from '../../../archive/validate/validate-archive.ts';
import { validationLevels } from '../../../archive/validate/validation-job.ts';
import { findValidation, listValidationSummaries } from '../../../registry/archive/show-validation.ts';
import { archiveName, monthFields, requireArchivedSource, tablePattern } from '../../archive-input.ts';
import { type ArchiveApi, apiActor } from '../../context.ts';
import { id, pageBody, pageFields, readBody, readPath, readQuery } from '../../input.ts';

const maxPatterns = 100;

const listQuery = z.strictObject(pageFields);
const newValidation = z.strictObject({
  selection: z
    .strictObject({
      ...monthFields,
      source: archiveName.optional(),
      tables: z.array(tablePattern).max(maxPatterns).optional(),
    })
    .default({}),
  level: z.enum(validationLevels).default('sample'),
});

export function validationRoutes({ context, validations, signal }: ArchiveApi): Hono {
  const { registry } = context;
  const routes = new Hono();

  routes.get('/', async (c) => {
    const page = readQuery(c, listQuery);
    return c.json(pageBody(await listValidationSummaries(registry, page), page.limit));
  });

  routes.get('/:id', async (c) => {
    return c.json({ data: await findValidation(registry, readPath(c, z.object({ id })).id) });
  });

  // Accepted, not done: what was found is in the validation.
  routes.post('/', async (c) => {
    const { selection, level } = await readBody(c, newValidation);
    await requireArchivedSource(context, selection.source);
    const request = { selection, level, trigger: 'api', actor: apiActor, signal } as const;
    const validationId = await validations.start((onStarted) => validateArchive(context, { ...request, onStarted }));
    return c.json({ data: { validationId } }, 202);
  });

  return routes;
}
