import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { openSource, type Source } from '../../../src/archive/source/open-source.ts';
import { holdTableLock } from '../../../src/archive/source/table-lock.ts';
import { openTestSource, type TestSource } from './source-database.ts';

const ledger = { schema: 'public', table: 'ledger' };

describe("a table's lock", () => {
  let source: TestSource;
  let other: Source;

  before(async () => {
    source = await openTestSource();
    other = await openSource({ name: 'other', url: source.url, max: 20 });
  });
  after(async () => {
    await other[Symbol.asyncDispose]();
    await source[Symbol.asyncDispose]();
  });

  test('is held by one archiver at a time, and the others are told who', async () => {
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => holdTableLock(i % 2 === 0 ? source.pool : other.pool, ledger)),
    );
    const held = attempts.filter((attempt) => attempt.status === 'fulfilled');
    assert.equal(held.length, 1);
    for (const attempt of attempts) {
      if (attempt.status === 'fulfilled') continue;
      assert.equal(attempt.reason.code, 'TABLE_BUSY');
      assert.match(attempt.reason.message, /public\.ledger .* process \d+ .*billvault archive (test|other)/);
    }
    await held[0]?.value[Symbol.asyncDispose]();
    for (const pool of [other.pool, source.pool]) {
      await using _ = await holdTableLock(pool, ledger);
    }
  });

  test('of another table, or of the same in another database, is another one', async () => {
    await using elsewhere = await openTestSource();
    await using _ = await holdTableLock(source.pool, ledger);
    await using __ = await holdTableLock(source.pool, { schema: 'public', table: 'audit' });
    await using ___ = await holdTableLock(elsewhere.pool, ledger);
  });

  test('that is lost with its connection says so, and can be taken by others', async () => {
    const lock = await holdTableLock(source.pool, ledger);
    const aborted = once(lock.signal, 'abort');
    await source.owner.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()
       and database = (select oid from pg_database where datname = current_database())`,
    );
    await aborted;
    assert.equal(lock.signal.reason.code, 'LEASE_LOST');
    await using _ = await holdTableLock(other.pool, ledger);
    await lock[Symbol.asyncDispose]();
    await assert.rejects(holdTableLock(source.pool, ledger), { code: 'TABLE_BUSY' });
  });

  test('that its session holds no longer is noticed, though the connection lives', async () => {
    await using single = await openSource({ name: 'single', url: source.url, max: 1 });
    let unlock: (() => Promise<unknown>) | undefined;
    single.pool.on('acquire', (client) => {
      unlock = () => client.query('select pg_advisory_unlock_all()');
    });
    await using lock = await holdTableLock(single.pool, { ...ledger, heartbeatMillis: 20 });
    const aborted = once(lock.signal, 'abort');
    await unlock?.();
    await aborted;
    assert.match(lock.signal.reason.message, /does not hold it/);
  });
});
