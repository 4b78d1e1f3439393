// A second run over 10,000 unchanged files in 36 periods: what it takes, and what it asks of S3.
import { discoverExport } from '../src/ingest/discover/discover-export.ts';
import { discoverPrefix } from '../src/ingest/discover/discover-prefix.ts';
import { makeDelivery } from '../src/sandbox/exports/delivery.ts';
import type { BenchOptions } from './run.ts';
import { type Bar, median, say } from './support/bars.ts';
import { bucket, clientName, openWorld } from './support/world.ts';

const periods = 36;
const files = 10_000;

export async function run({ runs }: BenchOptions): Promise<readonly Bar[]> {
  await using world = await openWorld();
  for (let index = 0; index < periods; index += 1) {
    const month = new Date(Date.UTC(2022, index)).toISOString().slice(0, 7);
    const count = Math.floor((files * (index + 1)) / periods) - Math.floor((files * index) / periods);
    const delivery = makeDelivery({
      layout: 'legacy-create-new',
      kind: 'cur-legacy',
      format: 'csv.gz',
      bucket,
      prefix: 'cur',
      name: 'hourly',
      month,
      rows: count,
      files: count,
      seed: 'bench',
    });
    for (const { key, body } of delivery.objects) await world.sandbox.admin.putObject({ bucket, key, body: body() });
  }
  const found = await discoverPrefix(world.context, {
    client: clientName,
    bucket,
    prefix: 'cur/',
    from: '2022-01',
    trigger: 'manual',
    actor: 'bench',
  });
  say(`first run: ${found.filesRegistered} files of ${found.deliveriesFound} deliveries registered`);
  await world.sandbox.admin.resetLog();
  const times: number[] = [];
  for (let round = 0; round < runs; round += 1) {
    const started = performance.now();
    const exportId = found.exports[0]?.id ?? 0;
    await discoverExport(world.context, { exportId, from: '2022-01', trigger: 'manual', actor: 'bench' });
    times.push((performance.now() - started) / 1_000);
  }
  const { counts } = await world.sandbox.admin.requestLog();
  const reads = Object.entries(counts).filter(
    ([operation]) => !['ListObjectsV2', 'AssumeRole', 'Admin'].includes(operation),
  );
  say(`asked of S3 in ${runs} runs: ${JSON.stringify(counts)}`);
  return [
    {
      name: 'discover-unchanged',
      figure: median(times),
      limit: 3,
      unit: 's',
      detail: `${found.filesRegistered} files in ${periods} periods, median of ${runs}`,
    },
    {
      name: 'discover-unchanged-reads',
      figure: reads.reduce((sum, [, count]) => sum + count, 0),
      limit: 0,
      unit: '',
      detail: 'requests of S3 other than listings',
    },
  ];
}
