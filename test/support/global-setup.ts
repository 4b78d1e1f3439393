import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../../src/sandbox/postgres/cluster.ts';
import { clusterVariable } from './database.ts';

let cluster: EmbeddedPostgres | undefined;
let folder: string | undefined;

/** One throw-away PostgreSQL for the whole run; every test file makes databases of its own in it. */
export async function globalSetup(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'billvault-test-'));
  cluster = await openEmbeddedPostgres({ folder, durable: false });
  process.env[clusterVariable] = await cluster.database('postgres');
}

export async function globalTeardown(): Promise<void> {
  await cluster?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
