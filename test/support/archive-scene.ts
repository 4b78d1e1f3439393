import pg from 'pg';
import type { ArchiveContext } from '../../src/archive/context.ts';
import { generateSigningKey, openKeySigner } from '../../src/archive/manifest/key-signer.ts';
import { monthEnd, monthStart } from '../../src/archive/month.ts';
import type { PlanFilter } from '../../src/archive/plan/plan.ts';
import { applyPolicies } from '../../src/archive/policy/apply-policies.ts';
import { parsePolicies } from '../../src/archive/policy/parse-policy.ts';
import { type ArchiveRunSummary, runArchive } from '../../src/archive/run/run-archive.ts';
import { sourceDatabases } from '../../src/archive/source/source-databases.ts';
import type { Spool } from '../../src/archive/upload/spool.ts';
import { type AwsAccess, type AwsSettings, createAwsAccess } from '../../src/aws/access.ts';
import { createLogger } from '../../src/log.ts';
import type { Encryption } from '../../src/registry/archive/unit-record.ts';
import { openRegistry } from '../../src/registry/registry.ts';
import { type SandboxAws, startSandboxAws } from '../../src/sandbox/aws/server.ts';
import { openTestDatabase } from './database.ts';

export const archiveRegion = 'eu-west-1';
export const archiveBucket = 'ledger-archive';
const ourAccount = '999988887777';

export interface ArchiveSceneOptions {
  /** What the clock says; default: 2026-11-20. It can be moved by `setNow`. */
  readonly now?: Date;
  readonly settings?: Partial<ArchiveContext['settings']>;
  /** Tables worked on at the same time; default: 4. */
  readonly parallel?: number;
  readonly encryption?: Encryption;
  /** Default: true. */
  readonly encryptionRequired?: boolean;
  readonly spool?: Spool;
  /** A bucket with Object Lock on another server; default: one in the stand-in. */
  readonly bucketElsewhere?: {
    readonly endpoint: string;
    readonly region: string;
    readonly bucket: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** What stands between us and S3, given the stand-in's endpoint. */
  readonly s3Endpoint?: (endpoint: string) => Promise<string>;
  /** What stands between us and the source database, given its URL. */
  readonly sourceUrl?: (url: string) => Promise<string>;
  readonly aws?: Partial<AwsSettings>;
}

/** The archive over a real source database, a registry and the stand-in's bucket with Object Lock. */
export interface ArchiveScene extends AsyncDisposable {
  readonly context: ArchiveContext;
  readonly aws: SandboxAws;
  readonly access: AwsAccess;
  readonly user: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly arn: string };
  readonly sourceUrl: string;
  readonly registryUrl: string;
  /** PKCS #8 PEM, for another process that is to sign as this one. */
  readonly signingKeyPem: string;
  /** Another source database, under its name in policies. */
  addSource(name: string, url: string): void;
  setNow(now: Date): void;
  /** In the source database, called `ledger`. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** In the registry. */
  registryQuery<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Makes these the policies; each is completed by the scene's defaults. */
  policies(...policies: readonly Readonly<Record<string, unknown>>[]): Promise<void>;
  /** Over the source `ledger`, or the one named. */
  run(filter?: PlanFilter, source?: string): Promise<ArchiveRunSummary>;
  /** `COPY … TO STDOUT` of a table as one text, in the session settings that everything is pinned to. */
  copyText(table: string, orderBy: string): Promise<string>;
}

/** A ledger of `rowsPerMonth` rows in each of the months, as `public.ledger`. */
export async function makeLedger(
  scene: ArchiveScene,
  {
    months,
    rowsPerMonth = 50,
    table = 'ledger',
  }: { readonly months: readonly string[]; readonly rowsPerMonth?: number; readonly table?: string },
): Promise<void> {
  await scene.query(`create table if not exists ${table} (
    id bigint generated always as identity primary key,
    account text not null,
    amount numeric(18,6) not null,
    currency char(3) not null default 'USD',
    note text,
    detail jsonb,
    created_at timestamptz not null)`);
  await scene.query(`create index if not exists ${table}_created_at on ${table} (created_at)`);
  for (const month of months) {
    const seconds = Math.floor((monthEnd(month).getTime() - monthStart(month).getTime()) / 1_000);
    await scene.query(
      `insert into ${table} (account, amount, note, detail, created_at)
       select 'acct-' || lpad((i % 17)::text, 4, '0'), (i * 1.000001)::numeric(18,6) - 20,
              case when i % 5 = 0 then null else 'note ' || i || E'\\twith a tab' end,
              jsonb_build_object('i', i, 'tags', jsonb_build_array('a', i % 3)),
              $1::timestamptz + make_interval(secs => (i * $2::float8 / $3))
         from generate_series(0, $3 - 1) i`,
      [monthStart(month).toISOString(), seconds, rowsPerMonth],
    );
  }
}

export async function openArchiveScene(options: ArchiveSceneOptions = {}): Promise<ArchiveScene> {
  const registryDatabase = await openTestDatabase();
  const sourceDatabase = await openTestDatabase();
  const aws = await startSandboxAws({ defaultRegion: archiveRegion });
  const user = await aws.admin.createUser({ accountId: ourAccount, name: 'billvault', policy: allowAll });
  await aws.admin.createBucket({ name: archiveBucket, accountId: ourAccount, region: archiveRegion, objectLock: true });
  const { bucketElsewhere } = options;
  const { bucket, region } = bucketElsewhere ?? { bucket: archiveBucket, region: archiveRegion };
  const s3Endpoint = bucketElsewhere?.endpoint ?? (await options.s3Endpoint?.(aws.endpoint)) ?? aws.endpoint;
  const sourceUrl = (await options.sourceUrl?.(sourceDatabase.url)) ?? sourceDatabase.url;
  const { accessKeyId, secretAccessKey } = bucketElsewhere?.credentials ?? user;
  const access = createAwsAccess({
    stsEndpoint: aws.endpoint,
    s3Endpoint,
    baseCredentials: { accessKeyId, secretAccessKey },
    ...options.aws,
  });
  const { registry, close: closeRegistry } = await openRegistry({ url: registryDatabase.url, max: 8 });
  const { parallel = 4 } = options;
  const sourceUrls = new Map([
    ['ledger', sourceUrl],
    ['billvault', registryDatabase.url],
  ]);
  const sources = sourceDatabases({
    names: ['ledger'],
    urlOf: (name) => sourceUrls.get(name) ?? '',
    max: 3 * parallel + 2,
  });
  let now = options.now ?? new Date('2026-11-20T12:00:00Z');
  const signingKeyPem = generateSigningKey().privateKeyPem;
  const signer = openKeySigner(signingKeyPem);
  const context: ArchiveContext = {
    registry,
    destination: {
      bucket,
      region,
      prefix: 'archive',
      encryption: options.encryption ?? { algorithm: 'AES256' },
      encryptionRequired: options.encryptionRequired ?? true,
    },
    openStore: (name) => access.openArchiveStore({ bucket, region, name }),
    sources,
    signer,
    publicKeys: [signer.publicKeyPem],
    spool: options.spool,
    settings: { deny: [], rangeRows: 1_000, rangeBytes: 4 * 1024 * 1024, ...options.settings },
    log: createLogger(process.env['BILLVAULT_TEST_LOG'] ?? 'silent'),
    now: () => now,
  };
  const pinned = '-c TimeZone=UTC -c DateStyle=ISO,YMD -c IntervalStyle=postgres -c extra_float_digits=1';
  const sourcePool = new pg.Pool({ connectionString: sourceDatabase.url, max: 6, options: pinned });
  const registryPool = new pg.Pool({ connectionString: registryDatabase.url, max: 3 });
  for (const pool of [sourcePool, registryPool]) pool.on('error', () => undefined);
  const scene: ArchiveScene = {
    context,
    aws,
    access,
    user,
    sourceUrl: sourceDatabase.url,
    registryUrl: registryDatabase.url,
    signingKeyPem,
    addSource: (name, url) => void sourceUrls.set(name, url),
    setNow(value) {
      now = value;
    },
    query: async (sql, values = []) => (await sourcePool.query(sql, [...values])).rows,
    registryQuery: async (sql, values = []) => (await registryPool.query(sql, [...values])).rows,
    async policies(...policies) {
      const wanted = parsePolicies(policies.map((policy) => ({ ...defaultPolicy, ...policy })));
      await applyPolicies(registry, { wanted, actor: 'test' });
    },
    run: (filter = {}, source = 'ledger') =>
      runArchive(context, {
        source,
        filter,
        trigger: 'manual',
        actor: 'test',
        signal: new AbortController().signal,
      }),
    async copyText(table, orderBy) {
      const { rows } = await sourcePool.query<{ line: string }>(
        `select (t.*)::text as line from ${table} t order by ${orderBy}`,
      );
      return rows.map(({ line }) => `${line}\n`).join('');
    },
    async [Symbol.asyncDispose]() {
      await sourcePool.end();
      await registryPool.end();
      await sources[Symbol.asyncDispose]();
      access.close();
      await closeRegistry();
      await aws.close();
      await sourceDatabase.drop();
      await registryDatabase.drop();
    },
  };
  return scene;
}

const defaultPolicy = {
  name: 'ledgers',
  source: 'ledger',
  tables: ['public.ledger'],
  timeColumn: 'created_at',
  classification: 'financial',
  throttle: { rowsPerSecond: null, load: null },
};

const allowAll = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
