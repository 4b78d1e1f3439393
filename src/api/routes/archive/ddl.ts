import { Hono } from 'hono';
import { z } from 'zod';
import { dialects } from '../../../archive/query/ddl.ts';
import { tablesDdl } from '../../../archive/query/tables-ddl.ts';
import { archiveName, tableName } from '../../archive-input.ts';
import type { ArchiveApi } from '../../context.ts';
import { readPath, readQuery } from '../../input.ts';

const ddlPath = z.object({ dialect: z.enum(dialects) });
/** One table: all of a database's would be no bounded answer. */
const query = z.strictObject({ source: archiveName, table: tableName });

export function ddlRoute({ context }: ArchiveApi): Hono {
  const routes = new Hono();
  routes.get('/:dialect', async (c) => {
    const { dialect } = readPath(c, ddlPath);
    const { source, table } = readQuery(c, query);
    const found = await tablesDdl(context, { dialect, wanted: { source, ...table } });
    return c.body(found.map(({ sql }) => sql).join('\n'), 200, { 'Content-Type': 'text/plain; charset=utf-8' });
  });
  return routes;
}
