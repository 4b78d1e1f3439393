import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { quoteIdentifier } from '../../db/identifier.ts';
import { AppError } from '../../errors.ts';
import { findBinaries } from './binaries.ts';
import { placeServer, type ServerPlace } from './server-user.ts';

const run = promisify(execFile);

const startTimeoutSeconds = 60;
const stopTimeoutSeconds = 60;
const readyPollMillis = 50;
const commandTimeoutMillis = 120_000;

export interface EmbeddedPostgresOptions {
  /** Where the cluster lives; made when absent. */
  readonly folder: string;
  /** False only for throw-away clusters: no fsync, so that tests are quick. Default true. */
  readonly durable?: boolean;
}

export interface EmbeddedPostgres {
  /** The connection string of a database of this cluster; the database is made when absent. */
  database(name: string): Promise<string>;
  /** Stops the server if no other living process of ours uses it. */
  stop(): Promise<void>;
}

interface Settings {
  readonly password: string;
}

/**
 * A real PostgreSQL from an npm package, in a folder of ours, on a free port of the loopback interface. It outlives a
 * killed parent, and the next one to open the folder takes it over.
 * @throws AppError BAD_CONFIG where it can't run here, DATABASE_UNAVAILABLE with the server's own words when it won't start
 */
export async function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const place = placeServer(findBinaries(), options.folder);
  const data = join(place.folder, 'data');
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(place, data);
  const settings = readSettings(data);
  const leave = enter(place);
  if (!(await isRunning(place, data))) await start(place, data, options.durable ?? true);
  const port = await readPort(data);
  const url = (name: string) =>
    `postgresql://billvault:${settings.password}@127.0.0.1:${port}/${encodeURIComponent(name)}`;
  return {
    async database(name) {
      await createDatabase(url('postgres'), name);
      return url(name);
    },
    async stop() {
      if (leave() === 'last')
        await control(place, ['stop', '-D', data, '-m', 'fast', '-w', '-t', String(stopTimeoutSeconds)]);
    },
  };
}

async function initialise(place: ServerPlace, data: string): Promise<void> {
  const password = randomBytes(24).toString('base64url');
  const scratch = mkdtempSync(join(place.folder, 'init-'));
  const passwordFile = join(scratch, 'password');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (place.identity !== undefined) {
    chownSync(scratch, place.identity.uid, place.identity.gid);
    chownSync(passwordFile, place.identity.uid, place.identity.gid);
  }
  const fresh = join(scratch, 'data');
  try {
    await execute(place, place.binaries.initdb, [
      `--pgdata=${fresh}`,
      '--username=billvault',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
      '--data-checksums',
    ]);
    // Inside the data, so that cluster and password appear together.
    writeFileSync(settingsFile(fresh), JSON.stringify({ password } satisfies Settings), { mode: 0o600 });
    moveInto(fresh, data);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Of several that make a new cluster at once, the first one's is it. */
function moveInto(fresh: string, data: string): void {
  try {
    renameSync(fresh, data);
  } catch (error) {
    if (!existsSync(join(data, 'PG_VERSION'))) throw error;
  }
}

async function start(place: ServerPlace, data: string, durable: boolean): Promise<void> {
  const port = await freePort();
  const flags = [
    `-p ${port}`,
    '-c listen_addresses=127.0.0.1',
    '-c unix_socket_directories=',
    '-c max_connections=200',
    '-c shared_buffers=128MB',
    '-c max_wal_size=2GB',
    '-c timezone=UTC',
    '-c log_timezone=UTC',
    ...(durable ? [] : ['-c fsync=off', '-c synchronous_commit=off', '-c full_page_writes=off']),
  ];
  const log = join(place.folder, 'server.log');
  try {
    await control(place, [
      'start',
      '-D',
      data,
      '-l',
      log,
      '-w',
      '-t',
      String(startTimeoutSeconds),
      '-o',
      flags.join(' '),
    ]);
  } catch (cause) {
    // Two processes that start at once: one of them wins, and the other finds it running.
    if (await isRunning(place, data)) return;
    const words = existsSync(log) ? readFileSync(log, 'utf8').slice(-1000) : '';
    throw new AppError('DATABASE_UNAVAILABLE', `the embedded PostgreSQL in ${data} did not start: ${words}`, { cause });
  }
}

async function isRunning(place: ServerPlace, data: string): Promise<boolean> {
  return control(place, ['status', '-D', data]).then(
    () => true,
    () => false,
  );
}

/**
 * Waits until the server, which another process may have started this moment, is ready, and tells its port: lines 4 and 8
 * of postmaster.pid (PostgreSQL source, miscadmin.h: LOCK_FILE_LINE_PORT, LOCK_FILE_LINE_PM_STATUS).
 */
async function readPort(data: string): Promise<number> {
  const file = join(data, 'postmaster.pid');
  for (const deadline = Date.now() + startTimeoutSeconds * 1_000; Date.now() < deadline; ) {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    if (lines[7]?.trim() === 'ready') return Number(lines[3]);
    await sleep(readyPollMillis);
  }
  throw new AppError(
    'DATABASE_UNAVAILABLE',
    `the embedded PostgreSQL in ${data} is not ready after ${startTimeoutSeconds} s`,
  );
}

function settingsFile(data: string): string {
  return join(data, 'billvault.json');
}

function readSettings(data: string): Settings {
  return JSON.parse(readFileSync(settingsFile(data), 'utf8')) as Settings;
}

/**
 * Notes that this process uses the cluster, among all that do: whoever leaves last turns out the light. A process that was
 * killed stays noted, and is not counted.
 * @returns what to call when leaving
 */
function enter(place: ServerPlace): () => 'last' | 'others-remain' {
  const users = join(place.folder, 'users');
  mkdirSync(users, { recursive: true });
  // One process may open the cluster more than once.
  const own = join(users, `${process.pid}.${randomBytes(4).toString('hex')}`);
  writeFileSync(own, '');
  return () => {
    rmSync(own, { force: true });
    const others = readdirSync(users).filter((name) => isAlive(Number(name.split('.')[0])));
    return others.length === 0 ? 'last' : 'others-remain';
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function createDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${quoteIdentifier(name)}`);
  } catch (error) {
    // 42P04 duplicate_database, 23505 on its index: another process made it at the same moment.
    if (!(error instanceof pg.DatabaseError && (error.code === '42P04' || error.code === '23505'))) throw error;
  } finally {
    await client.end();
  }
}

function control(place: ServerPlace, args: readonly string[]): Promise<void> {
  return execute(place, place.binaries.pgCtl, args);
}

async function execute(place: ServerPlace, program: string, args: readonly string[]): Promise<void> {
  await run(program, [...args], {
    ...place.identity,
    cwd: place.folder,
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
    timeout: commandTimeoutMillis,
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
