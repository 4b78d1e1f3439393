import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { generateSigningKey } from '../../src/archive/manifest/key-signer.ts';
import { type Month, monthOf, monthStart, previousMonth } from '../../src/archive/month.ts';
import { type SandboxAws, startSandboxAws } from '../../src/sandbox/aws/server.ts';
import { openTestDatabase } from '../support/database.ts';
import { type Outcome, runWith } from './world.ts';

const ourAccount = '999988887777';
const region = 'eu-west-1';
export const archiveBucket = 'acme-archive';

/** Long due, with rows; `recent` has rows too and is not due. */
export const [due, later, recent] = ((): readonly [Month, Month, Month] => {
  const months = [monthOf(new Date())];
  for (let i = 0; i < 9; i++) months.push(previousMonth(months.at(-1) ?? ''));
  return [months[9] ?? '', months[8] ?? '', months[1] ?? ''];
})();
export const rowsPerMonth = 40;

/** A source database with ledgers of some months, the stand-in without a bucket yet, and the command line before them. */
export interface ArchiveCliWorld extends AsyncDisposable {
  readonly aws: SandboxAws;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** In the source database, called `ledger`. */
  query<Row extends pg.QueryResultRow>(sql: string): Promise<readonly Row[]>;
  /** `billvault archive …` */
  run(...args: string[]): Promise<Outcome>;
  /** As where somebody watches: standard error is a terminal. */
  watch(...args: string[]): Promise<Outcome>;
  /** Runs with `--json`; fails unless it ends with 0. */
  json<T>(...args: string[]): Promise<T>;
}

export async function openArchiveCliWorld(): Promise<ArchiveCliWorld> {
  const registry = await openTestDatabase();
  const source = await openTestDatabase();
  const aws = await startSandboxAws({ defaultRegion: region });
  const user = await aws.admin.createUser({ accountId: ourAccount, name: 'billvault', policy: allowAll });
  const folder = mkdtempSync(join(tmpdir(), 'billvault-archive-cli-'));
  writeFileSync(join(folder, 'billvault.yaml'), settings);
  const environment = {
    BILLVAULT_DATABASE_URL: registry.url,
    BILLVAULT_AWS_S3_ENDPOINT: aws.endpoint,
    BILLVAULT_AWS_STS_ENDPOINT: aws.endpoint,
    BILLVAULT_AWS_PRINCIPAL_ARN: user.arn,
    BILLVAULT_WORKERS: '1',
    BILLVAULT_ARCHIVE_SIGNING_KEY: generateSigningKey().privateKeyPem,
    LEDGER_DATABASE_URL: source.url,
    AWS_ACCESS_KEY_ID: user.accessKeyId,
    AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
  };
  // The SDK looks for our own identity in the process's environment.
  Object.assign(process.env, environment);
  const pool = new pg.Pool({ connectionString: source.url, max: 2 });
  pool.on('error', () => undefined);
  const world: ArchiveCliWorld = {
    aws,
    folder,
    environment,
    query: async (sql) => (await pool.query(sql)).rows,
    run: (...args) => runWith(['archive', ...args], { environment, folder }),
    watch: (...args) => runWith(['archive', ...args], { environment, folder, isTTY: true }),
    async json<T>(...args: string[]) {
      const { code, stdout, stderr } = await world.run(...args, '--json');
      if (code !== 0) throw new Error(`billvault archive ${args.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
      await aws.close();
      await source.drop();
      await registry.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  for (const table of ['charges', 'events']) await world.query(ledgerSql(table));
  await world.query('create table api_tokens (id int primary key, token text, created_at timestamptz not null)');
  return world;
}

/** `charges` has an index on its time, `events` none. */
function ledgerSql(table: string): string {
  const rows = [due, later, recent].map(
    (month) => `insert into ${table} (account, amount, created_at)
      select 'acct-' || i, i * 1.5, '${monthStart(month).toISOString()}'::timestamptz + i * interval '1 hour'
        from generate_series(1, ${rowsPerMonth}) i`,
  );
  return `create table ${table} (id bigint generated always as identity primary key, account text not null,
      amount numeric(18,6) not null, created_at timestamptz not null);
    ${table === 'charges' ? 'create index on charges (created_at);' : ''}
    ${rows.join(';\n')}`;
}

const settings = `
archive:
  destination: { bucket: ${archiveBucket}, region: ${region}, prefix: archive }
  sources:
    ledger: { urlVariable: LEDGER_DATABASE_URL }
  policies:
    - name: charges
      source: ledger
      tables: [public.charges]
      timeColumn: created_at
      classification: financial
      purge: true
      compliance: [SOX]
      throttle: { rowsPerSecond: null, load: null }
`;

const allowAll = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
