import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeLedger, openArchiveScene } from '../../support/archive-scene.ts';

test('a due month is archived, proved, recorded in a manifest and purged; a month that is not due stays', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05', '2026-06', '2026-10'], rowsPerMonth: 2_500 });
  await scene.policies({ purge: true });
  const { outcomes, plan } = await scene.run();
  assert.deepEqual(
    outcomes.map(({ entry, kind, rows, purgedRows, failure }) => [entry.month, kind, rows, purgedRows, failure?.text]),
    [
      ['2026-05', 'purged', 2_500, 2_500, undefined],
      ['2026-06', 'purged', 2_500, 2_500, undefined],
    ],
    JSON.stringify(plan.entries),
  );
  const left = await scene.query(
    "select to_char(created_at, 'YYYY-MM') as month, count(*)::int as rows from ledger group by 1",
  );
  assert.deepEqual(left, [{ month: '2026-10', rows: 2_500 }]);
});
