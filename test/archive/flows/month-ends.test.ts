import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { openArchiveScene } from '../../support/archive-scene.ts';
import { assertAddsUp, tableLines, unitsOf } from '../../support/archive-truth.ts';

/** The last and the first instants around month and year ends, a leap day, and the hours that a zone has twice or not at all. */
const instants = [
  '2023-12-31 23:59:59.999999',
  '2024-01-01 00:00:00',
  '2024-02-29 00:00:00',
  '2024-02-29 23:59:59.999999',
  '2024-03-01 00:00:00',
  '2024-03-10 06:59:59.999999',
  '2024-03-10 07:00:00',
  '2024-03-31 00:59:59',
  '2024-03-31 01:00:00',
  '2024-10-27 00:30:00',
  '2024-10-27 01:30:00',
  '2024-11-03 05:30:00',
  '2024-11-03 06:30:00',
  '2024-11-30 23:59:59.999999',
  '2025-02-28 23:59:59.999999',
  '2025-03-01 00:00:00',
] as const;

/** Rows of each month in UTC, whatever the zone of whoever asks. */
const rowsOf = new Map<string, number>();
for (const instant of instants) rowsOf.set(instant.slice(0, 7), (rowsOf.get(instant.slice(0, 7)) ?? 0) + 1);

for (const zone of ['America/New_York', 'Pacific/Kiritimati']) {
  test(`months are UTC's for a role whose own time zone is ${zone}: timestamptz, timestamp and date`, async () => {
    await using scene = await openArchiveScene();
    const name = new URL(scene.sourceUrl).pathname.slice(1);
    await scene.query(`alter database ${pg.escapeIdentifier(name)} set timezone to '${zone}'`);
    await scene.query(`alter database ${pg.escapeIdentifier(name)} set datestyle to 'SQL, DMY'`);
    const types = ['timestamptz', 'timestamp', 'date'];
    for (const type of types) {
      await scene.query(`create table ${type}s (id int primary key, at ${type} not null)`);
      const zoned = type === 'timestamptz' ? '+00' : '';
      for (const [id, instant] of instants.entries()) {
        await scene.query(`insert into ${type}s values ($1, $2::text::${type})`, [id, `${instant}${zoned}`]);
      }
    }
    const tables = types.map((type) => `public.${type}s`);
    const written = new Map<string, ReadonlyMap<string, number>>();
    for (const table of tables) written.set(table, await tableLines(scene, { table }));
    // Two of the months: every part starts a thread of its own, and these two hold the ends of a leap month.
    await scene.policies({ tables, timeColumn: 'at', purge: true });
    const { plan, outcomes } = await scene.run({ from: '2024-02', to: '2024-03' });
    assert.ok(
      outcomes.every(({ kind }) => kind === 'purged'),
      JSON.stringify(outcomes.map(({ failure }) => failure)),
    );
    for (const table of tables) {
      const planned = plan.entries.filter(({ month, table: one }) => month !== null && `public.${one}` === table);
      for (const { month, rows } of planned) assert.equal(rows, rowsOf.get(month ?? ''), `${table} ${month}`);
      await assertAddsUp(scene, written.get(table) ?? new Map(), { table });
      const archived = (await unitsOf(scene, { table })).map(({ month, rows }) => [month, rows]);
      assert.deepEqual(
        archived,
        ['2024-02', '2024-03'].map((month) => [month, rowsOf.get(month)]),
      );
      const [left] = await scene.query<{ rows: number }>(`select count(*)::int as rows from ${table}`);
      assert.equal(left?.rows, instants.length - (rowsOf.get('2024-02') ?? 0) - (rowsOf.get('2024-03') ?? 0));
    }
  });
}
