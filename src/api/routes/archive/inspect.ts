import { Hono } from 'hono';
import { z } from 'zod';
import { decimalDollars } from '../../../archive/cost/money.ts';
import { type InspectedTable, inspectTables } from '../../../archive/inspect/inspect-tables.ts';
import { tableText } from '../../../archive/policy/table-pattern.ts';
import { AppError } from '../../../errors.ts';
import { archiveName, requireSource, tableName } from '../../archive-input.ts';
import type { ArchiveApi } from '../../context.ts';
import { readQuery } from '../../input.ts';
import { limitParallel } from '../../limit-parallel.ts';
import { requestSignal } from '../../limit-time.ts';
import { exactNumber } from './numbers.ts';

/** Each may read a whole table. */
const maxInspections = 2;

const query = z.strictObject({ source: archiveName, table: tableName });

/** One table: a whole database takes longer than a request may. */
export function inspectRoute({ context, signal: stop }: ArchiveApi): Hono {
  const routes = new Hono();
  routes.get('/', limitParallel(maxInspections), async (c) => {
    const { source, table } = readQuery(c, query);
    requireSource(context, source);
    const signal = requestSignal(c.req.raw, stop);
    const [inspected] = await inspectTables(context, { source, table: tableText(table), signal });
    if (inspected === undefined) throw new AppError('NOT_FOUND', `source ${source} has no table ${tableText(table)}`);
    if (inspected.failure !== null) throw inspected.failure;
    return c.json({ data: inspectedBody(inspected) });
  });
  return routes;
}

function inspectedBody({ failure, inspection, ...table }: InspectedTable) {
  if (inspection === null) return { ...table, inspection };
  const { archive, schema, table: name, ...seen } = inspection;
  const { bytes, objects, basis, monthlyCost } = archive;
  const estimate = {
    bytes: exactNumber(bytes),
    objects: exactNumber(objects),
    basis,
    monthlyDollars: decimalDollars(monthlyCost),
  };
  return { ...table, inspection: { ...seen, archive: estimate } };
}
