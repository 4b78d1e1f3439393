import { Hono } from 'hono';
import { z } from 'zod';
import { listUnits } from '../../../registry/archive/list-units.ts';
import { showUnit } from '../../../registry/archive/show-unit.ts';
import type { UnitRecord } from '../../../registry/archive/unit-record.ts';
import { UnitState } from '../../../registry/generated/enums.ts';
import { archiveName, monthFields, requireOrder, tableName } from '../../archive-input.ts';
import type { ArchiveApi } from '../../context.ts';
import { id, pageBody, pageFields, readPath, readQuery } from '../../input.ts';

const listQuery = z.strictObject({
  ...pageFields,
  ...monthFields,
  source: archiveName.optional(),
  table: tableName.optional(),
  state: z.enum(UnitState).optional(),
});

export function unitRoutes({ context: { registry } }: ArchiveApi): Hono {
  const routes = new Hono();

  // Of any source that ever was: what it archived outlives its place in billvault.yaml.
  routes.get('/', async (c) => {
    const { limit, cursor, table, ...filter } = readQuery(c, listQuery);
    requireOrder(filter);
    const units = await listUnits(registry, { ...filter, ...table }, { limit, cursor });
    return c.json(pageBody(units.map(listedUnit), limit));
  });

  routes.get('/:id', async (c) => c.json({ data: await showUnit(registry, readPath(c, z.object({ id })).id) }));

  return routes;
}

/** The policy that it was begun with is in the unit's own answer. */
function listedUnit({ policy, tableId, ...unit }: UnitRecord) {
  return unit;
}
