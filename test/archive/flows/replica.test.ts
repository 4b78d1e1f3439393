import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { inspectTables } from '../../../src/archive/inspect/inspect-tables.ts';
import { planRestore } from '../../../src/archive/restore/plan-restore.ts';
import { parseRestoreRequest } from '../../../src/archive/restore/restore-request.ts';
import { inSourceTransaction } from '../../../src/archive/source/source-transaction.ts';
import { holdTableLock } from '../../../src/archive/source/table-lock.ts';
import { inDatabase } from '../../support/archive-databases.ts';
import { type ArchiveScene, openArchiveScene } from '../../support/archive-scene.ts';
import { type Replicated, startReplicated } from '../../support/standby.ts';

describe('a read-only replica as a source', () => {
  let servers: Replicated;
  let scene: ArchiveScene;

  before(async () => {
    servers = await startReplicated();
    await inDatabase(servers.primaryUrl, async (query) => {
      for (const table of ['kept', 'purged']) {
        await query(`create table ${table} (id bigint primary key, note text, created_at timestamptz not null)`);
        await query(`create index on ${table} (created_at)`);
        await query(
          `insert into ${table} select i, 'note ' || i, timestamptz '2026-05-01' + i * interval '1 hour' from generate_series(1, 500) i`,
        );
      }
    });
    await servers.catchUp();
    scene = await openArchiveScene();
    scene.addSource('replica', servers.replicaUrl);
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
    await servers[Symbol.asyncDispose]();
  });

  test('is archived from by policies that keep the rows, and a policy that purges is refused by name before any work', async () => {
    await scene.policies(
      { name: 'keeps', source: 'replica', tables: ['public.kept'] },
      { name: 'purges', source: 'replica', tables: ['public.purged'], purge: true },
    );
    const { outcomes, plan } = await scene.run({}, 'replica');
    assert.deepEqual(
      outcomes.map(({ entry, kind, rows, failure }) => [entry.table, kind, rows, failure?.code]),
      [
        ['purged', 'failed', 0, 'POLICY_INVALID'],
        ['kept', 'verified', 500, undefined],
      ],
    );
    const refused = /^policy purges: purge is on, and source replica is a read-only replica.*primary/;
    assert.match(outcomes[0]?.failure?.text ?? '', refused);
    assert.match(plan.findings[0]?.message ?? '', refused);
    const units = await scene.registryQuery<{ name: string }>(
      `select t.table_name as name from registry.archive_unit u join registry.archive_table t on t.id = u.table_id`,
    );
    assert.deepEqual(units, [{ name: 'kept' }]);
    const inspected = await inspectTables(scene.context, { source: 'replica' });
    assert.deepEqual(
      inspected.map(({ table, inspection }) => [table, inspection?.rows]),
      [
        ['kept', 500],
        ['purged', 500],
      ],
    );
  });

  test("has its tables' locks in the registry, where archivers that read from another replica meet them", async () => {
    await scene.policies({ name: 'keeps', source: 'replica', tables: ['public.kept'] });
    await inDatabase(servers.primaryUrl, (query) =>
      query(`update kept set created_at = created_at + interval '31 days' where id > 400`),
    );
    await servers.catchUp();
    const registry = await scene.context.sources.open('billvault');
    {
      await using _ = await holdTableLock(registry.pool, { schema: 'public', table: 'kept', replica: 'replica' });
      const { outcomes } = await scene.run({}, 'replica');
      assert.deepEqual(
        outcomes.map(({ kind, failure }) => [kind, failure?.code]),
        [['waiting', 'TABLE_BUSY']],
      );
    }
    const { outcomes } = await scene.run({}, 'replica');
    assert.deepEqual(
      outcomes.map(({ entry, kind }) => [entry.month, kind]),
      [['2026-06', 'verified']],
    );
  });

  test('is not restored into, and not written to by anything else, which is said as what it is', async () => {
    const request = parseRestoreRequest({
      source: 'replica',
      selection: { tables: ['public.kept'] },
      target: { kind: 'schema', schema: 'restored' },
    });
    const { refusals } = await planRestore(scene.context, request);
    assert.match(refusals.join('\n'), /replica is a read-only replica: nothing can be restored into it/);
    const { pool } = await scene.context.sources.open('replica');
    await assert.rejects(
      inSourceTransaction(pool, () => assert.fail('nothing was to run')),
      { code: 'BAD_CONFIG', message: /read-only replica/ },
    );
  });
});
