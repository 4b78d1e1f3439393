import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { stringify } from 'yaml';
import { generateSigningKey } from '../../src/archive/manifest/key-signer.ts';
import { openEmbeddedPostgres } from '../../src/sandbox/postgres/cluster.ts';
import { type SandboxProcess, startSandboxProcess } from './sandbox-process.ts';

const region = 'eu-west-1';
const bucket = 'ledger-archive';
const accountId = '999988887777';
const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

/** A durable PostgreSQL with a source and a registry, the stand-in as a process, and a bucket with Object Lock. */
export interface ArchiveWorld extends AsyncDisposable {
  /** Holds a billvault.yaml. */
  readonly folder: string;
  readonly sourceUrl: string;
  readonly source: pg.Pool;
  readonly registry: pg.Pool;
  readonly sandbox: SandboxProcess;
  /** What a process needs that is started in the folder. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface ArchivePolicy {
  readonly tables: readonly string[];
  readonly throttle: { readonly rowsPerSecond: number | null; readonly load: number | null } | undefined;
}

export async function openArchiveWorld({ tables, throttle }: ArchivePolicy): Promise<ArchiveWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'billvault-bench-'));
  // As root, PostgreSQL runs as another user, who has to pass through here.
  chmodSync(folder, 0o755);
  const cluster = await openEmbeddedPostgres({ folder: join(folder, 'postgres') });
  const sourceUrl = await cluster.database('source');
  const registryUrl = await cluster.database('registry');
  const sandbox = await startSandboxProcess(join(folder, 's3'), region);
  const user = await sandbox.admin.createUser({ accountId, name: 'billvault', policy: everything });
  await sandbox.admin.createBucket({ name: bucket, accountId, region, objectLock: true });
  const policy = {
    name: 'ledgers',
    source: 'ledger',
    tables,
    timeColumn: 'created_at',
    classification: 'financial',
    ...(throttle === undefined ? {} : { throttle }),
  };
  const destination = { bucket, region };
  const archive = { destination, sources: { ledger: { urlVariable: 'LEDGER_URL' } }, policies: [policy] };
  writeFileSync(join(folder, 'billvault.yaml'), stringify({ archive }));
  const pools = [sourceUrl, registryUrl].map((connectionString) => new pg.Pool({ connectionString, max: 2 }));
  const [source, registry] = pools;
  if (source === undefined || registry === undefined) throw new Error('no pools');
  for (const pool of pools) pool.on('error', () => undefined);
  return {
    folder,
    sourceUrl,
    source,
    registry,
    sandbox,
    environment: {
      BILLVAULT_DATABASE_URL: registryUrl,
      LEDGER_URL: sourceUrl,
      BILLVAULT_AWS_S3_ENDPOINT: sandbox.endpoint,
      BILLVAULT_AWS_STS_ENDPOINT: sandbox.endpoint,
      BILLVAULT_ARCHIVE_SIGNING_KEY: generateSigningKey().privateKeyPem,
      BILLVAULT_LOG_LEVEL: 'silent',
      AWS_ACCESS_KEY_ID: user.accessKeyId,
      AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
    },
    async [Symbol.asyncDispose]() {
      for (const pool of pools) await pool.end();
      await sandbox.stop();
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Nine columns as a ledger has them: few values, many values, random ones, money, JSON and instants to the microsecond. */
export async function makeLedger(
  { source }: ArchiveWorld,
  { table, rows }: { readonly table: string; readonly rows: number },
): Promise<void> {
  await source.query(`create table ${table} (
    id bigint primary key, account text not null, kind integer not null, amount numeric(18,6) not null,
    currency char(3) not null, description text, detail jsonb, is_settled boolean, created_at timestamptz not null)`);
  await source.query('select setseed(0.42)');
  await source.query(
    `insert into ${table}
     select i, 'acct-' || lpad((random() * 5000)::int::text, 6, '0'), i % 7, (random() * 1000)::numeric(18,6),
            (array['USD', 'EUR', 'JPY'])[1 + i % 3], 'usage of ' || (array['compute', 'storage', 'transfer', 'requests'])[1 + i % 4]
            || ' ' || (random() * 900)::int, jsonb_build_object('request', substr(md5(i::text), 1, 12), 'region', 'eu-west-' || i % 3),
            i % 5 <> 0, timestamptz '2026-05-01' + (i + random()) * (interval '31 days' / ($1::float8 + 2))
       from generate_series(1, $1::int) i`,
    [rows],
  );
  await source.query(`create index on ${table} (created_at)`);
  await source.query(`vacuum analyze ${table}`);
  await source.query('checkpoint');
}
