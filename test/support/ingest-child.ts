import { createAwsAccess } from '../../src/aws/access.ts';
import type { IngestContext } from '../../src/ingest/context.ts';
import { discoverPrefix } from '../../src/ingest/discover/discover-prefix.ts';
import { dropSuperseded } from '../../src/ingest/publish/drop-superseded.ts';
import { publishByHand } from '../../src/ingest/publish/publish-by-hand.ts';
import type { IngestSettings } from '../../src/ingest/settings.ts';
import { reconcile } from '../../src/ingest/work/reconcile.ts';
import { runWorkers } from '../../src/ingest/work/run-workers.ts';
import { waitFor } from '../../src/ingest/work/wait-for.ts';
import { createLogger } from '../../src/log.ts';
import { openRawDatabase } from '../../src/raw/raw.ts';
import { openRegistry } from '../../src/registry/registry.ts';

/** The ingest as a process of its own, told by its environment what to do, so that it can be killed. */
export interface ChildWork {
  readonly registryUrl: string;
  readonly rawUrl: string;
  readonly awsEndpoint: string;
  readonly baseCredentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly settings: IngestSettings;
  readonly tasks: readonly ChildTask[];
}

export type ChildTask =
  | { readonly do: 'discover'; readonly client: string; readonly bucket: string; readonly kind?: 'files' }
  /** Workers for the files of one client's exports, or of all, until none can be claimed. */
  | { readonly do: 'work'; readonly client?: string; readonly workers?: number }
  /** Workers and reconciliation until no file and no delivery waits any more, as a service would in the long run. */
  | { readonly do: 'settle' }
  | { readonly do: 'reconcile' }
  | { readonly do: 'drop' }
  | { readonly do: 'publish'; readonly deliveryId: number };

const settleTimeoutMillis = 60_000;

const work = JSON.parse(process.env['BILLVAULT_TEST_WORK'] ?? '{}') as ChildWork;
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort(new Error('SIGTERM')));
const { registry, close } = await openRegistry({ url: work.registryUrl, max: 4 });
const raw = await openRawDatabase({ url: work.rawUrl, max: 8 });
const { awsEndpoint, baseCredentials } = work;
const aws = createAwsAccess({ stsEndpoint: awsEndpoint, s3Endpoint: awsEndpoint, baseCredentials });
const context: IngestContext = {
  registry,
  raw,
  aws,
  settings: work.settings,
  log: createLogger(process.env['BILLVAULT_TEST_LOG'] ?? 'silent'),
  now: () => new Date(),
};
for (const task of work.tasks) await perform(task);
aws.close();
await raw.close();
await close();

async function perform(task: ChildTask): Promise<void> {
  switch (task.do) {
    case 'discover': {
      const { client, bucket, kind } = task;
      await discoverPrefix(context, {
        client,
        bucket,
        prefix: '',
        from: '2020-01',
        kind,
        trigger: 'schedule',
        actor: 'child',
      });
      return;
    }
    case 'work':
      return workFor(task.client, task.workers ?? 1);
    case 'settle':
      return settle();
    case 'reconcile':
      return reconcile(context);
    case 'drop':
      return void (await dropSuperseded(context, 'child'));
    case 'publish':
      return void (await publishByHand(context, { deliveryId: task.deliveryId, actor: 'child' }));
  }
}

async function workFor(client: string | undefined, count: number): Promise<void> {
  const options = { count, signal: stop.signal, untilIdle: true };
  if (client === undefined) return runWorkers(context, options);
  for (const { id } of await registry.export.findMany({ where: { client: { name: client } } })) {
    await runWorkers(context, { ...options, exportId: id });
  }
}

async function settle(): Promise<void> {
  const deadline = Date.now() + settleTimeoutMillis;
  for (;;) {
    await runWorkers(context, { count: 2, signal: stop.signal, untilIdle: true });
    await reconcile(context);
    const files = await registry.file.count({ where: { status: 'NEW', delivery: { state: { not: 'SUPERSEDED' } } } });
    const deliveries = await registry.delivery.count({ where: { state: 'PENDING' } });
    if (files + deliveries === 0) return;
    if (Date.now() > deadline) throw new Error(`${files} files and ${deliveries} deliveries still wait`);
    await waitFor(0.1, stop.signal);
  }
}
