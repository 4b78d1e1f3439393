import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { createPool } from '../../src/db/pool.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { openRawDatabase } from '../../src/raw/raw.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

describe('a database user of somebody else', () => {
  const role = `low_${crypto.randomUUID().slice(0, 8)}`;
  const password = 'not-to-be-told';
  let database: TestDatabase;
  let admin: pg.Client;
  let url: string;

  before(async () => {
    database = await openTestDatabase();
    admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query(`create role ${role} login password '${password}'`);
    url = Object.assign(new URL(database.url), { username: role, password }).href;
  });
  after(async () => {
    await admin.query(`drop owned by ${role}`);
    await admin.query(`drop role ${role}`);
    await admin.end();
    await database.drop();
  });

  test('that may create nothing is told what it needs, and not its password', async () => {
    await assert.rejects(openRawDatabase({ url, max: 1 }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'BAD_CONFIG');
      assert.match(error.message, /needs CREATE on the database/);
      assert.doesNotMatch(JSON.stringify(error) + error.stack, new RegExp(password));
      return true;
    });
  });

  test('whose defaults end statements, forbid writing or change isolation is served as any other', async () => {
    await admin.query(`grant create on database ${new URL(url).pathname.slice(1)} to ${role}`);
    for (const setting of [
      `statement_timeout = '50ms'`,
      `idle_in_transaction_session_timeout = '50ms'`,
      `lock_timeout = '50ms'`,
      'default_transaction_read_only = on',
      `default_transaction_isolation = 'serializable'`,
      'standard_conforming_strings = off',
      `search_path = 'nowhere'`,
    ]) {
      await admin.query(`alter role ${role} set ${setting}`);
    }
    await (await openRawDatabase({ url, max: 1 })).close();
    const pool = createPool({ url, max: 1, applicationName: 'test' });
    try {
      await inTransaction(pool, async (client) => {
        await client.query('select pg_sleep(0.2)');
        const { rows } = await client.query(`select current_setting('transaction_isolation') as level`);
        assert.deepEqual(rows, [{ level: 'read committed' }]);
      });
    } finally {
      await pool.end();
    }
  });
});
