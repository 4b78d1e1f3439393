import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspectTables } from '../../../src/archive/inspect/inspect-tables.ts';
import { makeLedger, openArchiveScene } from '../../support/archive-scene.ts';

/** By which an estimate may be off; without an index, its rows are those of pages apart, which compress less. */
const tolerance = 0.1;
const toleranceWithoutIndex = 0.25;

test('what a table is to weigh is what it weighs when it is archived, be it two rows a month or thousands', async () => {
  await using scene = await openArchiveScene();
  const months = ['2026-04', '2026-05', '2026-06'];
  const sizes = { one: 1, few: 3, dozens: 60, many: 4_000, uneven: 500, unindexed: 4_000 } as const;
  for (const [table, rowsPerMonth] of Object.entries(sizes)) await makeLedger(scene, { table, months, rowsPerMonth });
  await makeLedger(scene, { table: 'uneven', months: ['2026-06'], rowsPerMonth: 2_000 });
  for (const table of Object.keys(sizes)) {
    // Ledgers do not repeat themselves every month.
    await scene.query(
      `update ${table} set amount = (random() * 1000)::numeric(18, 6), account = 'acct-' || (random() * 50)::int`,
    );
  }
  await scene.query('drop index unindexed_created_at');
  await scene.policies({ tables: Object.keys(sizes).map((table) => `public.${table}`) });
  for (const when of ['before', 'after']) {
    if (when === 'after') await scene.query('analyze');
    const inspected = await inspectTables(scene.context, { source: 'ledger' });
    if (when === 'before') await scene.run();
    for (const { table, inspection } of inspected) {
      assert.ok(inspection !== null);
      const { bytes, objects, basis } = inspection.archive;
      const [stored] = await scene.registryQuery<{ bytes: number; objects: number }>(
        `select sum(p.size_bytes)::int as bytes, count(*)::int as objects from registry.archive_part p
           join registry.archive_unit u on u.id = p.unit_id join registry.archive_table t on t.id = u.table_id
          where t.table_name = $1`,
        [table],
      );
      assert.ok(stored !== undefined);
      assert.deepEqual([basis, Number(objects)], ['sample', stored.objects]);
      const off = Number(bytes) / stored.bytes - 1;
      const most = table === 'unindexed' ? toleranceWithoutIndex : tolerance;
      assert.ok(Math.abs(off) <= most, `${table} ${when} analyze: ${bytes} were to be ${stored.bytes} bytes`);
    }
  }
});
