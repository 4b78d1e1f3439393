// The archive of one month (export, upload, full read-back proof) beside `psql \copy (select …) to` alone, and its parquet
// beside DuckDB's of the same rows; and the memory of the process, of a small month and of a large one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DuckDBInstance } from '@duckdb/node-api';
import type { BenchOptions } from './run.ts';
import { type ArchiveWorld, makeLedger, openArchiveWorld } from './support/archive-world.ts';
import { type Bar, median, say } from './support/bars.ts';
import { requirePsql, timeShell } from './support/psql.ts';

const rows = 1_000_000;
const largeRows = 5_000_000;
const mib = 1_024 * 1_024;
/** As `npm start` and `billvault` run: rows pass through the young generation by the million, and nothing of them stays. */
const asTheService = '--max-semi-space-size=8';
const compileCache = join(import.meta.dirname, '..', 'node_modules', '.cache', 'billvault');
const noThrottle = { rowsPerSecond: null, load: null };

export interface Archived {
  readonly seconds: number;
  readonly peakBytes: number;
}

export async function run({ runs }: BenchOptions): Promise<readonly Bar[]> {
  requirePsql();
  return [...(await compareWithPsql(runs)), ...(await measureLarge())];
}

async function compareWithPsql(runs: number): Promise<readonly Bar[]> {
  await using world = await openArchiveWorld({ tables: ['public.ledger'], throttle: noThrottle });
  await makeLedger(world, { table: 'ledger', rows });
  const csv = join(world.folder, 'ledger.csv');
  const times = { archive: [] as number[], psql: [] as number[] };
  let peakBytes = 0;
  for (let round = 0; round < runs; round += 1) {
    times.psql.push(
      timeShell(`psql -qX '${world.sourceUrl}' -c "\\copy (select * from ledger) to '${csv}' (format csv)"`),
    );
    const archived = await archive(world, `round-${round}`);
    times.archive.push(archived.seconds);
    peakBytes = Math.max(peakBytes, archived.peakBytes);
    say(`round ${round + 1}: archive ${archived.seconds.toFixed(2)} s, psql ${times.psql.at(-1)?.toFixed(2)} s`);
  }
  const { rows: sizes } = await world.registry.query<{ bytes: string }>(
    'select sum(size_bytes) as bytes from registry.archive_part',
  );
  const ours = Number(sizes[0]?.bytes);
  const theirs = await duckDbBytes(csv, join(world.folder, 'ledger.parquet'));
  const [seconds, psql] = [median(times.archive), median(times.psql)];
  const medians = `${seconds.toFixed(2)} s against ${psql.toFixed(2)} s, medians of ${runs}; ${rows} rows × 9 columns`;
  const sizeText = `${(ours / 1e6).toFixed(1)} MB against ${(theirs / 1e6).toFixed(1)} MB by DuckDB at its zstd default`;
  return [
    { name: 'archive', figure: seconds / psql, limit: 6, unit: 'x', detail: medians },
    { name: 'archive-size', figure: ours / theirs, limit: 1.1, unit: 'x', detail: sizeText },
    memoryBar('archive-memory', peakBytes, rows),
  ];
}

async function measureLarge(): Promise<readonly Bar[]> {
  await using world = await openArchiveWorld({ tables: ['public.ledger'], throttle: noThrottle });
  await makeLedger(world, { table: 'ledger', rows: largeRows });
  const { peakBytes } = await archive(world, 'large');
  return [memoryBar('archive-memory-large', peakBytes, largeRows)];
}

function memoryBar(name: string, peakBytes: number, archivedRows: number): Bar {
  const detail = `peak of the whole process, ${archivedRows} rows`;
  return { name, figure: peakBytes / mib, limit: 400, unit: 'MiB', detail };
}

/** One archive from the beginning, in a process of its own, under a prefix of its own. */
async function archive(world: ArchiveWorld, prefix: string): Promise<Archived> {
  await forgetArchive(world);
  await world.source.query('checkpoint');
  return runChild(world, { script: 'archive-child.ts', environment: { BILLVAULT_ARCHIVE_PREFIX: prefix } });
}

export async function forgetArchive({ registry }: ArchiveWorld): Promise<void> {
  const { rows: found } = await registry.query("select to_regclass('registry.archive_table') is not null as found");
  if (found[0]?.found !== true) return;
  await registry.query('truncate registry.archive_table, registry.archive_manifest, registry.archive_run cascade');
}

export interface ChildRun {
  readonly script: 'archive-child.ts' | 'restore-child.ts';
  readonly environment?: Readonly<Record<string, string>>;
  /** Kills it. */
  readonly signal?: AbortSignal;
}

/** @throws Error with what the process said */
export async function runChild(world: ArchiveWorld, { script, environment, signal }: ChildRun): Promise<Archived> {
  const child = spawn(process.execPath, [asTheService, join(import.meta.dirname, 'support', script)], {
    cwd: world.folder,
    env: { ...process.env, ...world.environment, ...environment, NODE_COMPILE_CACHE: compileCache },
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(signal === undefined ? {} : { signal, killSignal: 'SIGKILL' as const }),
  });
  child.on('error', () => undefined);
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (child.exitCode !== 0) throw new Error(`${script} failed`);
  return JSON.parse(output);
}

async function duckDbBytes(csv: string, parquet: string): Promise<number> {
  const connection = await (await DuckDBInstance.create()).connect();
  const types = [
    "'id': 'bigint', 'account': 'varchar', 'kind': 'integer', 'amount': 'decimal(18,6)', 'currency': 'varchar'",
    "'description': 'varchar', 'detail': 'varchar', 'is_settled': 'boolean', 'created_at': 'timestamptz'",
  ].join(', ');
  await connection.run(
    `copy (select * from read_csv('${csv}', header = false, columns = {${types}})) to '${parquet}' (format parquet, compression zstd)`,
  );
  connection.closeSync();
  return statSync(parquet).size;
}
