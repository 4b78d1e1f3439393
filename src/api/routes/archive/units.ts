import { Hono } from 'hono';
import { z } from 'zod';
import { planRepair } from '../../../archive/repair/plan-repair.ts';
import type { RepairPlan } from '../../../archive/repair/repair-plan.ts';
import { repairUnit } from '../../../archive/repair/repair-unit.ts';
import { listUnits } from '../../../registry/archive/list-units.ts';
import { showUnit } from '../../../registry/archive/show-unit.ts';
import type { UnitRecord } from '../../../registry/archive/unit-record.ts';
import { UnitState } from '../../../registry/generated/enums.ts';
import { archiveName, monthFields, requireOrder, tableName } from '../../archive-input.ts';
import { type ArchiveApi, apiActor } from '../../context.ts';
import { id, pageBody, pageFields, readBody, readPath, readQuery } from '../../input.ts';
import { requestSignal } from '../../limit-time.ts';

const listQuery = z.strictObject({
  ...pageFields,
  ...monthFields,
  source: archiveName.optional(),
  table: tableName.optional(),
  state: z.enum(UnitState).optional(),
});

const repairBody = z.strictObject({
  /** Rows that are not those that were archived, and were never purged, are archived as they are now. */
  changedRows: z.boolean().default(false),
});

export function unitRoutes({ context, repairs, signal }: ArchiveApi): Hono {
  const { registry } = context;
  const routes = new Hono();

  // Of any source that ever was: what it archived outlives its place in billvault.yaml.
  routes.get('/', async (c) => {
    const { limit, cursor, table, ...filter } = readQuery(c, listQuery);
    requireOrder(filter);
    const units = await listUnits(registry, { ...filter, ...table }, { limit, cursor });
    return c.json(pageBody(units.map(listedUnit), limit));
  });

  routes.get('/:id', async (c) => c.json({ data: await showUnit(registry, readPath(c, z.object({ id })).id) }));

  // Reads every part of the unit back before it answers.
  routes.get('/:id/repair', async (c) => {
    const { id: unitId } = readPath(c, z.object({ id }));
    const plan = await planRepair(context, { unitId, signal: requestSignal(c.req.raw, signal) });
    return c.json({ data: plan });
  });

  // Accepted, not done: what came of it is in the unit.
  routes.post('/:id/repair', async (c) => {
    const { id: unitId } = readPath(c, z.object({ id }));
    const { changedRows: takesChangedRows } = await readBody(c, repairBody);
    let plan: RepairPlan | undefined;
    await repairs.start((onStarted) => {
      const onPlan = (made: RepairPlan) => {
        plan = made;
        onStarted(unitId);
      };
      return repairUnit(context, { unitId, takesChangedRows, actor: apiActor, signal, onPlan });
    });
    return c.json({ data: plan }, 202);
  });

  return routes;
}

/** The policy that it was begun with is in the unit's own answer. */
function listedUnit({ policy, tableId, ...unit }: UnitRecord) {
  return unit;
}
