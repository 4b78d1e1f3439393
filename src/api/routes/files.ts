import { Hono } from 'hono';
import { z } from 'zod';
import { AppError, errorCodes } from '../../errors.ts';
import { describeFile } from '../../ingest/files/describe-file.ts';
import { reprocess, reprocessMany } from '../../ingest/reprocess.ts';
import { listFiles } from '../../registry/file/list-files.ts';
import { FileStatus } from '../../registry/generated/enums.ts';
import { type ApiContext, apiActor } from '../context.ts';
import { id, month, pageBody, pageFields, readBody, readPath, readQuery, text } from '../input.ts';

const filterFields = {
  client: text.optional(),
  export: text.optional(),
  period: month.optional(),
  deliveryId: id.optional(),
  status: z.enum(FileStatus).optional(),
  errorCode: z.enum(errorCodes).optional(),
};
const listQuery = z.strictObject({ ...pageFields, ...filterFields });
const filterBody = z.strictObject(filterFields);
const filePath = z.object({ id });

export function fileRoutes({ ingest }: ApiContext): Hono {
  const { registry } = ingest;
  const actor = apiActor;
  const routes = new Hono();

  routes.get('/', async (c) => {
    const { limit, cursor, period, ...filter } = readQuery(c, listQuery);
    const files = await listFiles(registry, { ...filter, periodStart: period }, { limit, cursor });
    return c.json(pageBody(files, limit));
  });

  // All that the filter finds; FAILED ones where it does not say otherwise.
  routes.post('/reprocess', async (c) => {
    const { period, ...filter } = await readBody(c, filterBody);
    if (period === undefined && Object.keys(filter).length === 0) {
      throw new AppError('BAD_INPUT', `body: give a filter, one or more of ${Object.keys(filterFields).join(', ')}`);
    }
    const wanted = { ...filter, periodStart: period, status: filter.status ?? 'FAILED' };
    return c.json({ data: await reprocessMany(ingest, { filter: wanted, actor }) });
  });

  routes.get('/:id', async (c) => c.json({ data: await describeFile(ingest, readPath(c, filePath).id) }));

  routes.post('/:id/reprocess', async (c) => {
    const { id: fileId } = readPath(c, filePath);
    await readBody(c, z.strictObject({}));
    await reprocess(ingest, { fileId, actor });
    return c.json({ data: await describeFile(ingest, fileId) });
  });

  return routes;
}
