import { Hono } from 'hono';
import { z } from 'zod';
import { findManifest, listManifestSummaries } from '../../../registry/archive/list-manifests.ts';
import { archiveName, monthFields, requireOrder } from '../../archive-input.ts';
import type { ArchiveApi } from '../../context.ts';
import { pageBody, pageFields, readPath, readQuery, smallId } from '../../input.ts';

const listQuery = z.strictObject({ ...pageFields, ...monthFields, source: archiveName.optional() });
const manifestPath = z.object({ source: archiveName, sequence: smallId });

export function manifestRoutes({ context: { registry } }: ArchiveApi): Hono {
  const routes = new Hono();

  routes.get('/', async (c) => {
    const { limit, cursor, ...filter } = readQuery(c, listQuery);
    requireOrder(filter);
    return c.json(pageBody(await listManifestSummaries(registry, filter, { limit, cursor }), limit));
  });

  // Byte for byte what is in the bucket: its signature and its SHA-256 hold for the answer.
  routes.get('/:source/:sequence', async (c) => {
    const { body } = await findManifest(registry, readPath(c, manifestPath));
    return c.body(body, 200, { 'Content-Type': 'application/json' });
  });

  return routes;
}
