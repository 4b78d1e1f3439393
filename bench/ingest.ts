// Ingest beside `gzip -dc | psql \copy` of the same data into an identical table, and the memory of the process.
import { spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { discoverPrefix } from '../src/ingest/discover/discover-prefix.ts';
import { type MadeDelivery, makeDelivery } from '../src/sandbox/exports/delivery.ts';
import type { MadeFormat } from '../src/sandbox/exports/file.ts';
import type { BenchOptions } from './run.ts';
import { type Bar, median, say } from './support/bars.ts';
import { makeBillingParquet } from './support/billing-parquet.ts';
import { requirePsql, timeShell } from './support/psql.ts';
import { bucket, clientName, openWorld, type World } from './support/world.ts';

const rows = 300_000;
/** About 800 bytes a row: 500 MB and 2 GB of CSV. */
const smallRows = 600_000;
const largeRows = 2_500_000;
/** Row groups of some 125 MB uncompressed, in DuckDB's parquet of a billing file's shape. */
const groupRows = 500_000;
const largeGroups = 3;
const mib = 1_024 * 1_024;

interface Ingested {
  readonly seconds: number;
  readonly peakBytes: number;
}

export async function run({ runs }: BenchOptions): Promise<readonly Bar[]> {
  requirePsql();
  return [...(await compareWithPsql(runs)), ...(await measureMemory())];
}

async function compareWithPsql(runs: number): Promise<readonly Bar[]> {
  await using world = await openWorld();
  const csv = await deliver(world, { name: 'csv', format: 'csv.gz', rows });
  await deliver(world, { name: 'pq', format: 'parquet', rows });
  const copyFile = join(world.folder, 'yardstick.csv.gz');
  await download(csv, copyFile);
  const times = { csv: [] as number[], parquet: [] as number[], psql: [] as number[] };
  for (let round = 0; round < runs; round += 1) {
    times.csv.push((await ingest(world, 'csv')).seconds);
    const columns = await makeYardstick(world);
    times.psql.push(
      timeShell(
        `gzip -dc ${copyFile} | psql -qX '${world.databaseUrl}' -c "\\copy yardstick (${columns}) from stdin (format csv, header)"`,
      ),
    );
    times.parquet.push((await ingest(world, 'pq')).seconds);
    say(
      `round ${round + 1}: csv ${times.csv.at(-1)?.toFixed(2)} s, psql ${times.psql.at(-1)?.toFixed(2)} s, parquet ${times.parquet.at(-1)?.toFixed(2)} s`,
    );
  }
  const psql = median(times.psql);
  const detail = (seconds: number) =>
    `${seconds.toFixed(2)} s against ${psql.toFixed(2)} s, medians of ${runs}; ${rows} rows`;
  const [csvSeconds, parquetSeconds] = [median(times.csv), median(times.parquet)];
  return [
    { name: 'ingest-csv', figure: csvSeconds / psql, limit: 1.15, unit: 'x', detail: detail(csvSeconds) },
    { name: 'ingest-parquet', figure: parquetSeconds / psql, limit: 2, unit: 'x', detail: detail(parquetSeconds) },
  ];
}

async function measureMemory(): Promise<readonly Bar[]> {
  await using world = await openWorld();
  await deliver(world, { name: 'small', format: 'csv.gz', rows: smallRows });
  const small = await ingest(world, 'small');
  await deliver(world, { name: 'large', format: 'csv.gz', rows: largeRows });
  const large = await ingest(world, 'large');
  const groupBytes = await deliverLargeGroups(world);
  const groups = await ingest(world, 'groups', 'files');
  const inMiB = ({ peakBytes }: Ingested) => peakBytes / mib;
  return [
    {
      name: 'memory-csv-2gb',
      figure: inMiB(large),
      limit: 350,
      unit: 'MiB',
      detail: `${largeRows} rows, peak of the whole process`,
    },
    // The allocator's noise between two runs is some percent.
    {
      name: 'memory-csv-growth',
      figure: inMiB(large) / inMiB(small),
      limit: 1.1,
      unit: 'x',
      detail: `peak with ${largeRows} rows against ${smallRows}`,
    },
    {
      name: 'memory-parquet',
      figure: inMiB(groups),
      limit: 700,
      unit: 'MiB',
      detail: `${largeGroups} row groups of ${groupRows} rows, ${(groupBytes / 1e6).toFixed(0)} MB each uncompressed`,
    },
  ];
}

/** @returns uncompressed bytes of the largest row group */
async function deliverLargeGroups(world: World): Promise<number> {
  const path = join(world.folder, 'groups.parquet');
  await makeBillingParquet({ path, rows: largeGroups * groupRows, rowGroupRows: groupRows });
  const { row_groups: made } = await parquetMetadataAsync(await asyncBufferFromFile(path));
  await world.sandbox.admin.putObject({ bucket, key: 'groups/2024-03/groups.parquet', body: createReadStream(path) });
  say(`made groups: ${largeGroups * groupRows} rows as parquet`);
  return Math.max(...made.map(({ total_byte_size }) => Number(total_byte_size)));
}

interface Wanted {
  readonly name: string;
  readonly format: MadeFormat;
  readonly rows: number;
}

/** CUR 2.0 with its maps as text: the same columns and cells as CSV and as parquet. */
async function deliver(world: World, { name, format, rows }: Wanted): Promise<MadeDelivery> {
  const delivery = makeDelivery({
    layout: 'data-export-overwrite',
    kind: 'cur2',
    format,
    bucket,
    prefix: name,
    name,
    month: '2024-03',
    rows,
    files: 1,
    seed: 'bench',
    mapsAs: 'json',
  });
  for (const { key, body } of delivery.objects) await world.sandbox.admin.putObject({ bucket, key, body: body() });
  say(`made ${name}: ${rows} rows as ${format}`);
  return delivery;
}

/** One ingest of the delivery from the beginning, in a process of its own. */
async function ingest(world: World, name: string, kind?: 'files'): Promise<Ingested> {
  await forget(world);
  await discoverPrefix(world.context, {
    client: clientName,
    bucket,
    prefix: `${name}/`,
    kind,
    from: '2024-03',
    trigger: 'manual',
    actor: 'bench',
  });
  await world.context.raw.pool.query('checkpoint');
  const child = spawnSync(process.execPath, [join(import.meta.dirname, 'support', 'ingest-child.ts')], {
    env: { ...process.env, ...world.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  const { rows: found } = await world.context.raw.pool.query<{ status: string }>('select status from registry.file');
  if (child.status !== 0 || found.some(({ status }) => status !== 'INGESTED')) throw new Error('the ingest failed');
  return JSON.parse(child.stdout);
}

async function forget({ context }: World): Promise<void> {
  await context.raw.pool.query(`
    drop schema if exists raw_${clientName} cascade;
    delete from billvault.raw_table;
    delete from registry.ingest_run; delete from registry.warning; delete from registry.file;
    delete from registry.delivery; delete from registry.export`);
}

/** An empty table with the columns, defaults and checks of the delivery's own. @returns the file's columns, quoted */
async function makeYardstick({ context }: World): Promise<string> {
  const { pool } = context.raw;
  const { rows: tables } = await pool.query<{ name: string }>(
    `select format('%I.%I', schema_name, table_name) as name from billvault.delivery_table order by delivery_id desc limit 1`,
  );
  const table = tables[0]?.name ?? '';
  await pool.query(`
    drop table if exists yardstick;
    create table yardstick (like ${table} including defaults including constraints);
    alter table yardstick alter column _row set default 0, alter column _file_id set default 0;
    truncate ${table};
    checkpoint`);
  const { rows: columns } = await pool.query<{ name: string }>(
    `select quote_ident(attname) as name from pg_attribute
      where attrelid = 'yardstick'::regclass and attnum > 0 and attname not in ('_delivery_id', '_file_id', '_row') order by attnum`,
  );
  return columns
    .map(({ name }) => name)
    .join(', ')
    .replaceAll('"', '\\"');
}

async function download(delivery: MadeDelivery, path: string): Promise<void> {
  const data = delivery.objects.find(({ role }) => role === 'data');
  if (data === undefined) throw new Error('no data');
  await pipeline(data.body(), createWriteStream(path));
  say(`yardstick's copy: ${((await stat(path)).size / mib).toFixed(0)} MiB of gzip`);
}
