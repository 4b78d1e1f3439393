import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { type ArchiveScene, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';

const source = 'limited';

test('a role that may only read and delete purges a partitioned table range by range; its partitions stay', async () => {
  await using scene = await openArchiveScene();
  await scene.query(`create table ledger (id bigint, created_at timestamptz not null, primary key (id, created_at))
    partition by range (created_at)`);
  await scene.query(
    `create table p_2026_05 partition of ledger for values from ('2026-05-01 00:00+00') to ('2026-06-01 00:00+00')`,
  );
  await scene.query(`insert into ledger select i, '2026-05-01 00:00+00'::timestamptz + i * interval '1 hour'
    from generate_series(1, 40) i`);
  await using _role = await limitedRole(scene, 'select, delete');
  await scene.policies({ source, purge: true });
  const { outcomes } = await scene.run({}, source);
  assert.deepEqual(
    outcomes.map(({ kind, purgedRows, failure }) => [kind, purgedRows, failure?.text]),
    [['purged', 40, undefined]],
  );
  assert.deepEqual(await scene.query(`select to_regclass('p_2026_05') is not null as there`), [{ there: true }]);
  assert.deepEqual(await scene.query('select from ledger'), []);
});

for (const { rights, undoDays, told } of [
  { rights: 'select', undoDays: 0, told: /permission denied for table ledger\): grant select, delete on "?public/ },
  { rights: 'select, delete', undoDays: 7, told: /undoDays 7: grant create on its database, .*billvault_undo/ },
]) {
  test(`a purge with ${rights} and undoDays ${undoDays} fails by saying what to grant; the rows stay`, async () => {
    await using scene = await openArchiveScene();
    await makeLedger(scene, { months: ['2026-05'] });
    await using _role = await limitedRole(scene, rights);
    await scene.policies({ source, purge: true, undoDays });
    const { outcomes } = await scene.run({}, source);
    assert.deepEqual(
      outcomes.map(({ kind, failure }) => [kind, failure?.code]),
      [['failed', 'BAD_CONFIG']],
      outcomes[0]?.failure?.text,
    );
    assert.match(outcomes[0]?.failure?.text ?? '', told);
    assert.equal((await scene.query('select from ledger')).length, 50);
  });
}

/** Makes the scene's database a source of a role with these rights on the ledger and no other. */
async function limitedRole(scene: ArchiveScene, rights: string): Promise<AsyncDisposable> {
  const role = `limited_${randomBytes(6).toString('hex')}`;
  const url = new URL(scene.sourceUrl);
  url.username = role;
  url.password = 'limited';
  await scene.query(`create role ${role} login password 'limited'`);
  await scene.query(`grant ${rights} on ledger to ${role}`);
  scene.addSource(source, url.href);
  return {
    async [Symbol.asyncDispose]() {
      await scene.query(`drop owned by ${role}`);
      await scene.query(`drop role ${role}`);
    },
  };
}
