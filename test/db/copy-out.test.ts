import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { copyOut } from '../../src/db/copy-out.ts';
import { LineChunks, maxLineBytes } from '../../src/db/line-chunks.ts';
import { createPool, withConnection } from '../../src/db/pool.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

const newline = 10;
const subject = 'public.lines';

describe('copyOut', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  before(async () => {
    database = await openTestDatabase();
    pool = createPool({ url: database.url, max: 2, applicationName: 'billvault test' });
    await pool.query(
      'create table lines as select g as id, repeat(md5(g::text), 3) as text from generate_series(1, 60000) g',
    );
    await pool.query('create table parents (id int primary key)');
    await pool.query('create table children (parent int references parents deferrable initially immediate)');
    await pool.query('insert into parents select generate_series(1, 3)');
    await pool.query('insert into children values (2)');
  });
  after(async () => {
    await pool.end();
    await database.drop();
  });

  async function pidOf(client: pg.PoolClient): Promise<number> {
    return (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid ?? 0;
  }

  test('gives every byte once, in chunks of whole lines that own their memory', async () => {
    await withConnection(pool, async (client) => {
      const expected = await client.query<{ sum: string }>(
        `select encode(sha256(string_agg(id || E'\\t' || text || E'\\n', '' order by id)::bytea), 'hex') as sum from lines`,
      );
      const hash = createHash('sha256');
      let chunks = 0;
      for await (const chunk of copyOut(client, {
        statement: 'copy (select * from lines order by id) to stdout',
        subject,
      })) {
        assert.equal(chunk.at(-1), newline);
        assert.ok(chunk.length <= 512 * 1024);
        hash.update(chunk);
        chunks++;
        structuredClone(chunk.buffer, { transfer: [chunk.buffer as ArrayBuffer] });
      }
      assert.equal(hash.digest('hex'), expected.rows[0]?.sum);
      assert.ok(chunks > 10 && chunks < 60, `${chunks} chunks`);
    });
  });

  test('an empty result is no chunk at all', async () => {
    await withConnection(pool, async (client) => {
      const statement = 'copy (select * from lines where id < 0) to stdout';
      for await (const _ of copyOut(client, { statement, subject })) assert.fail('nothing was to come');
    });
  });

  test('a row of many megabytes comes whole', async () => {
    await withConnection(pool, async (client) => {
      const sizes: number[] = [];
      const statement = `copy (select repeat('x', n) from (values (10), (20000000), (5)) v(n)) to stdout`;
      for await (const chunk of copyOut(client, { statement, subject })) sizes.push(chunk.length);
      assert.equal(
        sizes.reduce((sum, size) => sum + size),
        20_000_018,
      );
    });
  });

  test('ended early, it leaves the same connection usable at once', async () => {
    await withConnection(pool, async (client) => {
      const pid = await pidOf(client);
      const statement =
        'copy (select repeat(md5(g::text), 30) from (select generate_series(1, 100000000) as g) as s) to stdout';
      for (let i = 0; i < 3; i++) {
        for await (const chunk of copyOut(client, { statement, subject })) {
          assert.ok(chunk.length > 0);
          break;
        }
        assert.equal(await pidOf(client), pid);
      }
    });
  });

  test('an abort ends a server that is still at its first row', async () => {
    await withConnection(pool, async (client) => {
      const reason = new Error('enough');
      const controller = new AbortController();
      const started = performance.now();
      setTimeout(() => controller.abort(reason), 50);
      await assert.rejects(
        drain(
          copyOut(client, { statement: 'copy (select pg_sleep(60)) to stdout', subject, signal: controller.signal }),
        ),
        reason,
      );
      assert.ok(performance.now() - started < 10_000);
      assert.ok((await pidOf(client)) > 0);
    });
  });

  test('a server that sends nothing for too long is a TIMEOUT; one that waits for us is not', async () => {
    await withConnection(pool, async (client) => {
      const silent = copyOut(client, { statement: 'copy (select pg_sleep(60)) to stdout', subject, stallMillis: 100 });
      await assert.rejects(drain(silent), { code: 'TIMEOUT', message: /public\.lines/ });
      const slowReader = copyOut(client, { statement: 'copy lines to stdout', subject, stallMillis: 100 });
      await slowReader.next();
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.ok((await drain(slowReader)) > 0);
    });
  });

  test('an error that comes after the last row is thrown, not lost', async () => {
    await withConnection(pool, async (client) => {
      await client.query('begin');
      const statement = 'copy (with gone as (delete from parents returning *) select * from gone) to stdout';
      await assert.rejects(drain(copyOut(client, { statement, subject })), { code: 'DATABASE', message: /23503/ });
      await client.query('rollback');
      assert.equal((await client.query('select 1 from parents')).rowCount, 3);
    });
  });

  test('a connection that dies under way is DATABASE_UNAVAILABLE, and the pool takes another', async () => {
    await assert.rejects(
      withConnection(pool, async (client) => {
        const pid = await pidOf(client);
        const statement =
          'copy (select repeat(md5(g::text), 30) from (select generate_series(1, 100000000) as g) as s) to stdout';
        for await (const _ of copyOut(client, { statement, subject }))
          await pool.query('select pg_terminate_backend($1)', [pid]);
      }),
      { code: 'DATABASE_UNAVAILABLE' },
    );
    assert.equal((await pool.query('select 1')).rowCount, 1);
  });

  test('a line beyond the limit is refused before it is held', () => {
    const lines = new LineChunks(subject);
    const piece = Buffer.alloc(16 * 1024 * 1024, 'x');
    assert.throws(
      () => {
        for (let bytes = 0; bytes <= maxLineBytes; bytes += piece.length) lines.add(piece);
      },
      { code: 'ROW_TOO_LONG', message: /public\.lines/ },
    );
  });
});

async function drain(chunks: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.length;
  return bytes;
}
