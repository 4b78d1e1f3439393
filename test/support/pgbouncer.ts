import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** Debian puts it beside what only root runs. */
const program = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'].find((path) =>
  existsSync(path),
);

/** For a test's `skip`: false where PgBouncer is installed. */
export const withoutPgbouncer: string | false =
  program === undefined ? 'PgBouncer is not installed (Debian: apt-get install pgbouncer)' : false;

export type PoolMode = 'session' | 'transaction' | 'statement';

export interface PgbouncerOptions {
  /** Of the database behind it; every client connects as its user, without a password. */
  readonly url: string;
  readonly poolMode: PoolMode;
  /** Connections to the server at most; default: 20. */
  readonly poolSize?: number;
  /** Whether the connection that was idle for the longest is taken next, instead of the one that was given back last. */
  readonly roundRobin?: boolean;
}

export interface Pgbouncer extends AsyncDisposable {
  /** The database of `url`, through it. */
  readonly url: string;
}

const startTimeoutMillis = 15_000;

/** @returns PgBouncer before a database, on a free port */
export async function startPgbouncer(options: PgbouncerOptions): Promise<Pgbouncer> {
  if (program === undefined) throw new Error(String(withoutPgbouncer));
  const folder = mkdtempSync(join(tmpdir(), 'billvault-pgbouncer-'));
  const port = await freePort();
  const settings = join(folder, 'pgbouncer.ini');
  writeFileSync(settings, settingsText(options, port));
  // It refuses to run as root.
  chmodSync(folder, 0o755);
  const isRoot = process.getuid?.() === 0;
  const child = spawn(program, ['-q', settings], {
    ...(isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {}),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const url = Object.assign(new URL(options.url), { port: String(port), password: '' }).href;
  await untilAnswers(url, child, () => said);
  return {
    url,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function settingsText({ url, poolMode, poolSize = 20, roundRobin = false }: PgbouncerOptions, port: number): string {
  const { hostname, port: serverPort, username, password, pathname } = new URL(url);
  const database = pathname.slice(1);
  return `[databases]
${database} = host=${hostname} port=${serverPort} dbname=${database} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${poolMode}
default_pool_size = ${poolSize}
server_round_robin = ${roundRobin ? 1 : 0}
`;
}

function idOf(flag: '-u' | '-g'): number {
  return Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
}

async function untilAnswers(url: string, child: ChildProcess, said: () => string): Promise<void> {
  for (const deadline = Date.now() + startTimeoutMillis; ; await sleep(20)) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return;
    } catch (cause) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`PgBouncer did not start: ${said()}`, { cause });
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
