import { createLogger } from '../../src/log.ts';
import { openRegistry } from '../../src/registry/registry.ts';
import { runTick } from '../../src/run-tick.ts';

/** A service as a process of its own, at a job that never ends: it says so, and waits to be killed. */
const { registryUrl, job, dueAt, leaseSeconds } = JSON.parse(process.env['BILLVAULT_TEST_WORK'] ?? '{}') as {
  readonly registryUrl: string;
  readonly job: string;
  readonly dueAt: string;
  readonly leaseSeconds: number;
};
const { registry } = await openRegistry({ url: registryUrl, max: 2 });
const service = { registry, log: createLogger('silent'), leaseSeconds, signal: new AbortController().signal };
await runTick(service, { job, dueAt: new Date(dueAt) }, async () => {
  process.stdout.write('begun\n');
  await new Promise(() => undefined);
});
