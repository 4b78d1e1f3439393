import pg from 'pg';
import { type AwsSettings, createAwsAccess } from '../../src/aws/access.ts';
import { clientRolePolicies } from '../../src/aws/trust-policy.ts';
import { type Config, readConfig } from '../../src/config.ts';
import type { IngestContext } from '../../src/ingest/context.ts';
import { discoverPrefix, type PrefixDiscoverySummary } from '../../src/ingest/discover/discover-prefix.ts';
import { reconcile } from '../../src/ingest/work/reconcile.ts';
import { runWorkers } from '../../src/ingest/work/run-workers.ts';
import { createLogger } from '../../src/log.ts';
import { openRawDatabase } from '../../src/raw/raw.ts';
import { createClient } from '../../src/registry/client/create-client.ts';
import { openRegistry } from '../../src/registry/registry.ts';
import { createRole } from '../../src/registry/role/create-role.ts';
import { type SandboxAws, startSandboxAws } from '../../src/sandbox/aws/server.ts';
import type { MadeDelivery } from '../../src/sandbox/exports/delivery.ts';
import { openTestDatabase } from './database.ts';

export const region = 'eu-west-1';
const ourAccount = '999988887777';

export interface SceneOptions {
  readonly settings?: Partial<Config['ingest'] & { leaseSeconds: number; pollSeconds: number }>;
  /** What stands between us and S3, given the stand-in's endpoint. */
  readonly s3Endpoint?: (endpoint: string) => Promise<string>;
  /** What stands between us and the raw database, given its URL. */
  readonly rawUrl?: (url: string) => Promise<string>;
  /** Such as shorter timeouts. */
  readonly aws?: Partial<AwsSettings>;
  readonly now?: () => Date;
}

/** Where in AWS a client is; in the scene's region, by default. */
export interface ClientPlace {
  readonly partition?: 'aws' | 'aws-cn' | 'aws-us-gov';
  readonly region?: string;
  readonly bucketRegion?: string;
}

/** Our service's parts over a real PostgreSQL and the stand-in, and a hand in the clients' accounts. */
export interface Scene extends AsyncDisposable {
  readonly aws: SandboxAws;
  readonly context: IngestContext;
  readonly databaseUrl: string;
  readonly user: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly arn: string };
  /** A client whose role grants us everything under `prefix` of a bucket of its own, named `<name>-bills`. */
  addClient(name: string, prefix?: string, place?: ClientPlace): Promise<{ readonly bucket: string }>;
  put(bucket: string, key: string, body: Uint8Array | string): Promise<void>;
  deliver(bucket: string, delivery: MadeDelivery): Promise<void>;
  discover(
    client: string,
    options?: { readonly from?: string; readonly prefix?: string; readonly kind?: 'files' },
  ): Promise<PrefixDiscoverySummary>;
  /** Works until nothing can be claimed any more. */
  drain(count?: number): Promise<void>;
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const database = await openTestDatabase();
  const aws = await startSandboxAws({ defaultRegion: region });
  const user = await aws.admin.createUser({ accountId: ourAccount, name: 'billvault' });
  const config = readConfig({});
  const { registry, close: closeRegistry } = await openRegistry({ url: database.url, max: 6 });
  const rawUrl = (await options.rawUrl?.(database.url)) ?? database.url;
  const raw = await openRawDatabase({ url: rawUrl, max: 12 });
  const { accessKeyId, secretAccessKey } = user;
  const s3Endpoint = (await options.s3Endpoint?.(aws.endpoint)) ?? aws.endpoint;
  const access = createAwsAccess({
    stsEndpoint: aws.endpoint,
    s3Endpoint,
    baseCredentials: { accessKeyId, secretAccessKey },
    ...options.aws,
  });
  const context: IngestContext = {
    registry,
    raw,
    aws: access,
    settings: { ...config.ingest, leaseSeconds: 30, pollSeconds: 0.05, retryBaseSeconds: 0, ...options.settings },
    log: createLogger(process.env['BILLVAULT_TEST_LOG'] ?? 'silent'),
    now: options.now ?? (() => new Date()),
  };
  const pool = new pg.Pool({ connectionString: database.url, max: 4 });
  // A pool says that it ended before its connections have; dropping the database then breaks them.
  pool.on('error', () => undefined);
  const scene: Scene = {
    aws,
    context,
    databaseUrl: database.url,
    user,
    async addClient(name, prefix = '', place = {}) {
      const { partition = 'aws', region: home = region, bucketRegion = home } = place;
      const bucket = `${name.replaceAll('_', '-')}-bills`;
      const accountId = String(
        100_000_000_000 +
          ([...name].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7) % 899_999_999_999),
      );
      await aws.admin.createBucket({ name: bucket, accountId, region: bucketRegion });
      const client = await createClient(registry, { name, actor: 'test' });
      const arn = `arn:${partition}:iam::${accountId}:role/billing-reader`;
      const role = await createRole(registry, {
        clientId: client.id,
        clientName: name,
        arn,
        region: home,
        actor: 'test',
      });
      const { trustPolicy, permissionPolicy } = clientRolePolicies({
        partition,
        bucket,
        prefix,
        principalArn: user.arn,
        externalId: role.externalId,
      });
      await aws.admin.putRole({ accountId, partition, name: 'billing-reader', trustPolicy, policy: permissionPolicy });
      return { bucket };
    },
    put: async (bucket, key, body) => void (await aws.admin.putObject({ bucket, key, body: Buffer.from(body) })),
    async deliver(bucket, delivery) {
      for (const object of delivery.objects)
        await aws.admin.putObject({ bucket, key: object.key, body: object.body() });
    },
    discover: (client, { from = '2020-01', prefix = '', kind } = {}) =>
      discoverPrefix(context, {
        client,
        bucket: `${client.replaceAll('_', '-')}-bills`,
        prefix,
        from,
        kind,
        trigger: 'manual',
        actor: 'test',
      }),
    async drain(count = 2) {
      // Twice: a file given back at the moment when the last worker saw nothing, or a delivery that met a connection that
      // was cut with another, is still to be done; the service comes by again every minute.
      for (let pass = 1; pass <= 2; pass++) {
        await runWorkers(context, { count, signal: new AbortController().signal, untilIdle: true });
        await reconcile(context);
      }
    },
    query: async <Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
      (await pool.query<Row>(sql, [...values])).rows,
    async [Symbol.asyncDispose]() {
      await pool.end();
      access.close();
      await closeRegistry();
      await raw.close();
      await aws.close();
      await database.drop();
    },
  };
  return scene;
}
