import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAwsAccess } from '../../src/aws/access.ts';
import { clientRolePolicies } from '../../src/aws/trust-policy.ts';
import { readConfig } from '../../src/config.ts';
import type { IngestContext } from '../../src/ingest/context.ts';
import { createLogger } from '../../src/log.ts';
import { openRawDatabase } from '../../src/raw/raw.ts';
import { createClient } from '../../src/registry/client/create-client.ts';
import { openRegistry } from '../../src/registry/registry.ts';
import { createRole } from '../../src/registry/role/create-role.ts';
import { openEmbeddedPostgres } from '../../src/sandbox/postgres/cluster.ts';
import { type SandboxProcess, startSandboxProcess } from './sandbox-process.ts';

export const region = 'eu-west-1';
export const bucket = 'acme-bills';
export const clientName = 'acme';
const accountId = '111122223333';

/** A durable PostgreSQL of its own, the stand-in as a process, and one client. */
export interface World extends AsyncDisposable {
  readonly folder: string;
  readonly databaseUrl: string;
  readonly sandbox: SandboxProcess;
  readonly context: IngestContext;
  /** What a child process needs to build the same context. */
  readonly environment: Readonly<Record<string, string>>;
}

export async function openWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'billvault-bench-'));
  // As root, PostgreSQL runs as another user, who has to pass through here.
  chmodSync(folder, 0o755);
  const cluster = await openEmbeddedPostgres({ folder: join(folder, 'postgres') });
  const databaseUrl = await cluster.database('bench');
  const sandbox = await startSandboxProcess(join(folder, 's3'), region);
  const user = await sandbox.admin.createUser({ accountId: '999988887777', name: 'billvault' });
  const environment = {
    BENCH_DATABASE_URL: databaseUrl,
    BENCH_ENDPOINT: sandbox.endpoint,
    BENCH_ACCESS_KEY_ID: user.accessKeyId,
    BENCH_SECRET_ACCESS_KEY: user.secretAccessKey,
  };
  const { context, close } = await openBenchContext(environment);
  await sandbox.admin.createBucket({ name: bucket, accountId, region });
  const client = await createClient(context.registry, { name: clientName, actor: 'bench' });
  const arn = `arn:aws:iam::${accountId}:role/billing-reader`;
  const role = await createRole(context.registry, { clientId: client.id, clientName, arn, region, actor: 'bench' });
  const policies = clientRolePolicies({
    partition: 'aws',
    bucket,
    prefix: '',
    principalArn: user.arn,
    externalId: role.externalId,
  });
  await sandbox.admin.putRole({
    accountId,
    name: 'billing-reader',
    trustPolicy: policies.trustPolicy,
    policy: policies.permissionPolicy,
  });
  return {
    folder,
    databaseUrl,
    sandbox,
    context,
    environment,
    async [Symbol.asyncDispose]() {
      await close();
      await sandbox.stop();
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The service's parts over what the environment names. */
export async function openBenchContext(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly context: IngestContext; close(): Promise<void> }> {
  const url = environment['BENCH_DATABASE_URL'] ?? '';
  const endpoint = environment['BENCH_ENDPOINT'] ?? '';
  const { registry, close: closeRegistry } = await openRegistry({ url, max: 4 });
  const raw = await openRawDatabase({ url, max: 8 });
  const aws = createAwsAccess({
    stsEndpoint: endpoint,
    s3Endpoint: endpoint,
    baseCredentials: {
      accessKeyId: environment['BENCH_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: environment['BENCH_SECRET_ACCESS_KEY'] ?? '',
    },
  });
  const settings = { ...readConfig({}).ingest, leaseSeconds: 60, pollSeconds: 0.1 };
  const context = { registry, raw, aws, settings, log: createLogger('warn'), now: () => new Date() };
  return {
    context,
    async close() {
      aws.close();
      await closeRegistry();
      await raw.close();
    },
  };
}
