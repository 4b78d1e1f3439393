import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import type { ByteSource } from '../src/parquet/byte-source.ts';
import { readFooter } from '../src/parquet/footer.ts';
import { defaultLimits } from '../src/parquet/limits.ts';
import { openParquet } from '../src/parquet/parquet-file.ts';
import { decodeRows } from '../src/parquet/row-decoder.ts';

/**
 * Parquet to COPY text alone, no database: `node bench/parquet-decode.ts [file] [--rows 300000] [--runs 3] [--here]`.
 * `--here` decodes in the main thread, where `node --cpu-prof` sees it.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '300000' },
    runs: { type: 'string', default: '3' },
    'row-group-size': { type: 'string', default: '122880' },
    here: { type: 'boolean', default: false },
  },
});

/** A billing file's shape: mostly-null columns, many of few values, amounts, one unique id, tags. */
function billingQuery(rows: number): string {
  const columns = [
    "printf('%s%s', md5(i::varchar), substr(md5((i * 7)::varchar), 1, 20)) as line_item_id",
    "printf('2024-01-%02dT%02d:00:00Z/2024-01-%02dT%02d:00:00Z', i % 28 + 1, i % 23, i % 28 + 1, i % 23 + 1) as time_interval",
    "'123456789012' as payer_account_id",
    'make_timestamp((1704067200 + (i % 700) * 3600) * 1000000) as usage_start_date',
    "map {'user_team': 'team ' || (i % 9), 'user_env': case when i % 3 = 0 then 'prod' else 'dev' end} as resource_tags",
    'i as sequence',
    '(i % 1000)::decimal(18, 6) / 7 as quantity',
  ];
  for (let k = 0; k < 12; k++)
    columns.push(`case when random() < 0.3 then 0.0 else round(random() * 100, ${4 + (k % 7)}) end as cost_${k}`);
  for (let k = 0; k < 4; k++) columns.push(`random() as rate_${k}`);
  for (let k = 0; k < 45; k++)
    columns.push(`case when random() < 0.97 then null else 'value ' || (random() * 50)::int end as sparse_${k}`);
  for (let k = 0; k < 42; k++)
    columns.push(`substr('Amazon Elastic', 1, ${2 + (k % 12)}) || (random() * ${3 + k * 4})::int as few_${k}`);
  return `select ${columns.join(', ')} from range(${rows}) t(i)`;
}

async function makeFile(path: string): Promise<void> {
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run('select setseed(0.42)');
  const options = `format parquet, compression snappy, row_group_size ${values['row-group-size']}`;
  await connection.run(`copy (${billingQuery(Number(values.rows))}) to '${path}' (${options})`);
  connection.closeSync();
}

async function decodeHere(source: ByteSource): Promise<number> {
  let bytes = 0;
  const layout = await readFooter(source, defaultLimits);
  const columns = [...layout.schema.columns.keys()];
  await decodeRows({
    source,
    layout,
    limits: defaultLimits,
    request: { columns, asText: new Set(), moreColumns: new Map() },
    output: {
      emit: (_, length) => {
        bytes += length;
      },
      wanted: () => undefined,
    },
  });
  return bytes;
}

async function decodeInThread(source: ByteSource): Promise<number> {
  let bytes = 0;
  const file = await openParquet(source);
  for await (const chunk of file.copyRows()) bytes += chunk.length;
  await file.close();
  return bytes;
}

const [given] = positionals;
const path = given ?? join(tmpdir(), `billvault-bench-${process.pid}.parquet`);
if (given === undefined) await makeFile(path);
const file = await open(path);
const { size: sizeBytes } = await file.stat();
const source: ByteSource = {
  sizeBytes,
  read: async (start, end) => {
    const bytes = Buffer.allocUnsafeSlow(end - start);
    await file.read(bytes, 0, bytes.length, start);
    return bytes;
  },
};
for (let run = 0; run < Number(values.runs); run++) {
  const begun = performance.now();
  const bytes = await (values.here ? decodeHere : decodeInThread)(source);
  const seconds = (performance.now() - begun) / 1000;
  const peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(
    `${(sizeBytes / 1e6).toFixed(0)} MB of parquet, ${(bytes / 1e6).toFixed(0)} MB of text: ${seconds.toFixed(2)} s, peak ${peakMegabytes} MB\n`,
  );
}
await file.close();
if (given === undefined) await rm(path, { force: true });
