import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { openSource } from '../../../src/archive/source/open-source.ts';
import { holdTableLock } from '../../../src/archive/source/table-lock.ts';
import { type ArchiveScene, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { type Pgbouncer, type PoolMode, startPgbouncer, withoutPgbouncer } from '../../support/pgbouncer.ts';
import { openTestSource, type TestSource } from './source-database.ts';

const ledger = { schema: 'public', table: 'ledger' };
const lending = ['transaction', 'statement'] as const;

describe('a source database behind PgBouncer', { skip: withoutPgbouncer }, () => {
  let source: TestSource;

  before(async () => {
    source = await openTestSource();
  });
  after(() => source[Symbol.asyncDispose]());

  async function sceneBehind(poolMode: PoolMode): Promise<{ scene: ArchiveScene; pooler: Pgbouncer }> {
    const started = Promise.withResolvers<Pgbouncer>();
    const scene = await openArchiveScene({
      async sourceUrl(url) {
        started.resolve(startPgbouncer({ url, poolMode }));
        return (await started.promise).url;
      },
    });
    await makeLedger(scene, { months: ['2026-05', '2026-06'], rowsPerMonth: 500 });
    await scene.policies({ purge: true });
    return { scene, pooler: await started.promise };
  }

  test('in session mode is archived and purged as any other', async () => {
    const { scene, pooler } = await sceneBehind('session');
    const { outcomes } = await scene.run();
    assert.deepEqual(
      outcomes.map(({ kind, purgedRows, failure }) => [kind, purgedRows, failure?.text]),
      [
        ['purged', 500, undefined],
        ['purged', 500, undefined],
      ],
    );
    await scene[Symbol.asyncDispose]();
    await pooler[Symbol.asyncDispose]();
  });

  for (const poolMode of lending) {
    test(`in ${poolMode} mode is refused by name, with what to do, and nothing of it is exported`, async () => {
      const { scene, pooler } = await sceneBehind(poolMode);
      await assert.rejects(scene.run(), {
        code: 'BAD_CONFIG',
        message: /^source database ledger: .*transaction or statement mode.*session mode.*own address$/,
      });
      assert.deepEqual(await scene.registryQuery('select id from registry.archive_unit'), []);
      assert.deepEqual(await scene.query('select count(*)::int as rows from ledger'), [{ rows: 1_000 }]);
      await scene[Symbol.asyncDispose]();
      await pooler[Symbol.asyncDispose]();
    });
  }

  test('in transaction mode is found out while others use it, whichever idle session it lends next', async () => {
    await Promise.all([false, true].map(refusesWhileBusy));
  });

  async function refusesWhileBusy(roundRobin: boolean): Promise<void> {
    await using pooler = await startPgbouncer({ url: source.url, poolMode: 'transaction', roundRobin });
    const others = await Promise.all(Array.from({ length: 8 }, () => connect(pooler.url)));
    // Eight sessions at once, so that as many lie idle afterwards.
    await Promise.all(others.map((other) => other.query('begin')));
    await Promise.all(others.map((other) => other.query('commit')));
    let isOver = false;
    const traffic = others.slice(0, 3).map(async (other) => {
      while (!isOver) await other.query('select 1');
    });
    try {
      await assert.rejects(openSource({ name: 'busy', url: pooler.url, max: 4 }), {
        code: 'BAD_CONFIG',
        message: /busy: .*transaction or statement mode/,
      });
    } finally {
      isOver = true;
      await Promise.all(traffic);
      for (const other of others) await other.end();
    }
  }

  test('leaves no setting behind in the sessions that it lends to others when it is refused', async () => {
    await using pooler = await startPgbouncer({ url: source.url, poolMode: 'transaction', poolSize: 1 });
    const other = await connect(pooler.url);
    await assert.rejects(openSource({ name: 'test', url: pooler.url, max: 4 }), { code: 'BAD_CONFIG' });
    const { rows } = await other.query<{ name: string }>(`select name from pg_settings where source = 'session'`);
    await other.end();
    // These are PgBouncer's own to carry from one client to the next.
    const carried = ['application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings'];
    assert.deepEqual(
      rows.map(({ name }) => name).filter((name) => !carried.includes(name)),
      [],
    );
  });

  test('in session mode has locks that are seen past it', async () => {
    await using pooler = await startPgbouncer({ url: source.url, poolMode: 'session' });
    await using pooled = await openSource({ name: 'pooled', url: pooler.url, max: 4 });
    await using _ = await holdTableLock(pooled.pool, ledger);
    await assert.rejects(holdTableLock(source.pool, ledger), {
      code: 'TABLE_BUSY',
      message: /billvault archive pooled/,
    });
  });
});

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  return client;
}
