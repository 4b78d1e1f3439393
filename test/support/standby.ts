import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEmbeddedPostgres } from '../../src/sandbox/postgres/cluster.ts';
import { inDatabase } from './archive-databases.ts';

/** Two PostgreSQL servers, of which the second follows the first and takes no writes. */
export interface Replicated extends AsyncDisposable {
  readonly primaryUrl: string;
  readonly replicaUrl: string;
  /** Waits until the replica has all that the primary has now. */
  catchUp(): Promise<void>;
}

const catchUpMillis = 30_000;

export async function startReplicated(): Promise<Replicated> {
  const folder = mkdtempSync(join(tmpdir(), 'billvault-replicated-'));
  execFileSync('chmod', ['755', folder]);
  const [first, second] = [join(folder, 'primary'), join(folder, 'replica')];
  const made = await openEmbeddedPostgres({ folder: first, durable: false });
  await made.database('shop');
  await made.stop();
  // A server that was stopped in peace is its own base backup.
  execFileSync('cp', ['-a', first, second]);
  const primary = await openEmbeddedPostgres({ folder: first, durable: false });
  const primaryUrl = await primary.database('shop');
  const { hostname, port, username, password } = new URL(primaryUrl);
  const data = join(second, 'data');
  writeFileSync(join(data, 'standby.signal'), '');
  appendFileSync(
    join(data, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=${hostname} port=${port} user=${username} password=${password}'\n`,
  );
  const replica = await openEmbeddedPostgres({ folder: second, durable: false });
  const replicaUrl = await replica.database('shop');
  return {
    primaryUrl,
    replicaUrl,
    async catchUp() {
      const [now] = await inDatabase(primaryUrl, (query) => query('select pg_current_wal_insert_lsn()::text as lsn'));
      const { lsn } = now as { readonly lsn: string };
      for (const deadline = Date.now() + catchUpMillis; Date.now() < deadline; await sleep(20)) {
        const [there] = await inDatabase(replicaUrl, (query) =>
          query('select pg_last_wal_replay_lsn() >= $1::pg_lsn as caught', [lsn]),
        );
        if ((there as { readonly caught: boolean }).caught) return;
      }
      throw new Error(`the replica is still behind ${lsn} after ${catchUpMillis} ms`);
    },
    async [Symbol.asyncDispose]() {
      await replica.stop();
      await primary.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
