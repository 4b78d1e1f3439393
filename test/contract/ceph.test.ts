import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { archiveFlowContract } from './archive-flow.contract.ts';
import { archiveStoreContract } from './archive-store.contract.ts';
import { cephCapabilities } from './capabilities.ts';
import { objectStoreContract } from './object-store.contract.ts';
import type { Subject } from './subject.ts';

const tool = process.env['BILLVAULT_TEST_RGW'] ?? fileURLToPath(new URL('../../../shared/tools/rgw', import.meta.url));
/** The gateway starts in about 13 s on a quiet machine. */
const startTimeoutMs = 180_000;
/** What the gateway's lifecycle takes for a day (Ceph's `rgw_lc_debug_interval`, which the tool sets). */
const secondsOfDay = '1';

/** Runs the tool; `env` prints `NAME=value` pairs. */
async function rgw(command: 'start' | 'env' | 'stop'): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', [tool, command], {
    timeout: startTimeoutMs,
    env: { ...process.env, LC_DEBUG: secondsOfDay },
  });
  return stdout;
}

let started: Promise<Subject> | undefined;

/** One gateway for all contracts. */
function gateway(): Promise<Subject> {
  started ??= startGateway();
  return started;
}

async function startGateway(): Promise<Subject> {
  await rgw('start');
  const pairs = (await rgw('env')).trim().split(' ');
  const settings = new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  return {
    name: 'Ceph',
    endpoint: settings.get('ENDPOINT') ?? '',
    region: settings.get('REGION') ?? 'default',
    credentials: {
      accessKeyId: settings.get('ADMIN_KEY') ?? '',
      secretAccessKey: settings.get('ADMIN_SECRET') ?? '',
    },
    kmsKeyId: settings.get('KMS_KEY') ?? '',
    capabilities: cephCapabilities,
    passDay: () => delay(Number(secondsOfDay) * 1_000),
  };
}

if (process.env['BILLVAULT_TEST_CEPH'] !== '1') {
  test('the contract on the Ceph gateway', { skip: 'set BILLVAULT_TEST_CEPH=1 to run it' });
} else if (!existsSync(tool)) {
  test('the contract on the Ceph gateway', { skip: `${tool} is not there; BILLVAULT_TEST_RGW names another` });
} else {
  objectStoreContract(gateway);
  archiveStoreContract(gateway);
  archiveFlowContract(gateway);
  after(() => rgw('stop'));
}
