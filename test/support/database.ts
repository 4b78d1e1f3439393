import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openEmbeddedPostgres } from '../../src/sandbox/postgres/cluster.ts';

/** Where global-setup.ts tells the test files of their PostgreSQL. */
export const clusterVariable = 'BILLVAULT_TEST_CLUSTER';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** An empty database of one's own: in the run's PostgreSQL, or in one started for this file when it is run alone. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const shared = process.env[clusterVariable];
  if (shared === undefined) return openAlone();
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`;
  await administer(shared, `create database ${name}`);
  const url = new URL(shared);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(shared, `drop database ${name} with (force)`) };
}

async function openAlone(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'billvault-test-'));
  const cluster = await openEmbeddedPostgres({ folder, durable: false });
  return {
    url: await cluster.database('test'),
    async drop() {
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
