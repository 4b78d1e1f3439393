import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import pg from 'pg';
import { openEmbeddedPostgres } from '../../../src/sandbox/postgres/cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'billvault-cluster-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    const { rows } = await client.query('select 1 as one');
    return rows.length === 1;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

test('a cluster that two use is stopped by whoever leaves last, and keeps its data', async () => {
  const first = await openEmbeddedPostgres({ folder, durable: false });
  const url = await first.database('kept');
  const second = await openEmbeddedPostgres({ folder, durable: false });
  assert.equal(await second.database('kept'), url, 'both use one server');
  await first.stop();
  assert.equal(await answers(url), true, 'the first to leave must not take it from the second');
  await second.stop();
  assert.equal(await answers(url), false, 'the last one stops it');

  const again = await openEmbeddedPostgres({ folder, durable: false });
  const client = new pg.Client({ connectionString: await again.database('postgres') });
  await client.connect();
  const { rowCount } = await client.query(`select from pg_database where datname = 'kept'`);
  await client.end();
  assert.equal(rowCount, 1);
  await again.stop();
});

test('several that open a new cluster at the same time all get it', async () => {
  const fresh = mkdtempSync(join(tmpdir(), 'billvault-cluster-'));
  try {
    const opened = await Promise.all(
      Array.from({ length: 4 }, () => openEmbeddedPostgres({ folder: fresh, durable: false })),
    );
    const urls = await Promise.all(opened.map((cluster) => cluster.database('one')));
    assert.equal(new Set(urls).size, 1);
    for (const cluster of opened) await cluster.stop();
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
});
