import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeLedger, openArchiveScene } from '../../support/archive-scene.ts';

test('a table that cannot be read, or not be archived, fails by itself and stops no other of its source', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 20 });
  await scene.query('create table aunt (id int, created_at timestamptz not null)');
  await scene.query('create table niece (extra int) inherits (aunt)');
  await scene.query('create table secret_ledger (id int primary key, created_at timestamptz not null)');
  const role = `archiver_${process.pid}`;
  await scene.query(
    `create role ${role} login password 'of-no-use'; grant select, delete on ledger, aunt, niece to ${role}`,
  );
  try {
    const url = new URL(scene.sourceUrl);
    url.username = role;
    url.password = 'of-no-use';
    scene.addSource('limited', url.href);
    await scene.policies({ source: 'limited', tables: ['public.*'], purge: true });
    const { outcomes, counts } = await scene.run({}, 'limited');
    assert.deepEqual(
      outcomes.map(({ entry, kind, failure }) => [entry.table, kind, failure?.code]),
      [
        ['aunt', 'failed', 'BAD_INPUT'],
        ['secret_ledger', 'failed', 'BAD_CONFIG'],
        ['ledger', 'purged', undefined],
      ],
    );
    assert.match(outcomes[1]?.failure?.text ?? '', /may not select from public\.secret_ledger/);
    assert.deepEqual([counts.planned, counts.failed, counts.purgedRows], [3, 2, 20]);
  } finally {
    await scene.context.sources[Symbol.asyncDispose]();
    await scene.query(`drop owned by ${role}; drop role ${role}`);
  }
});
