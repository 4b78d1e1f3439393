import { Hono } from 'hono';
import { publicKeys } from '../../../archive/manifest/public-keys.ts';
import type { ArchiveApi } from '../../context.ts';

/** The keys that manifests are signed by, as PEM: the present one first, then those before it. */
export function keyRoute({ context }: ArchiveApi): Hono {
  const routes = new Hono();
  routes.get('/', (c) => {
    const pem = [...publicKeys(context.publicKeys).values()].map((key) => key.pem).join('');
    return c.body(pem, 200, { 'Content-Type': 'application/x-pem-file' });
  });
  return routes;
}
