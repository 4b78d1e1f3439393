import pg from 'pg';
import type { ArchiveContext } from '../../../archive/context.ts';
import { type Month, monthEnd, monthOf, monthStart, previousMonth } from '../../../archive/month.ts';
import { copyOut } from '../../../db/copy-out.ts';
import { withConnection } from '../../../db/pool.ts';

/** The databases whose rows go out and come back, in the demo's own PostgreSQL. */
export interface Ledgers {
  readonly ledgerUrl: string;
  readonly freshUrl: string;
  /** Empty: a registry for when the demo's own is taken for lost. */
  readonly newRegistryUrl: string;
  /** Oldest first; the last one is now. */
  readonly months: readonly Month[];
}

const monthsKept = 6;
const creditsPerMonth = 4_000;
const actionsPerMonth = 1_500;

/** Makes a source database with a ledger, charges partitioned by month, an audit trail and a table of secrets. */
export async function makeLedgers(serverUrl: string, now: Date): Promise<Ledgers> {
  const ledgerUrl = await createDatabase(serverUrl, 'ledger');
  const freshUrl = await createDatabase(serverUrl, 'fresh');
  const newRegistryUrl = await createDatabase(serverUrl, 'new_registry');
  const months: Month[] = [monthOf(now)];
  while (months.length < monthsKept) months.unshift(previousMonth(months[0] ?? ''));
  await withClient(ledgerUrl, async (client) => {
    await client.query(tables);
    for (const month of months) await fill(client, month, now);
    await client.query('analyze');
  });
  return { ledgerUrl, freshUrl, newRegistryUrl, months };
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, options: '-c TimeZone=UTC' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function createDatabase(serverUrl: string, name: string): Promise<string> {
  await withClient(serverUrl, (client) => client.query(`create database ${name}`));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

const tables = `
  create type credit_kind as enum ('promotion', 'refund', 'it''s "complicated"');
  create table credits (
    id bigint generated always as identity primary key,
    account text not null,
    kind credit_kind not null,
    amount numeric(18,6) not null,
    exact_amount numeric,
    valid daterange,
    note text,
    created_at timestamptz not null);
  create index on credits (created_at);
  create table charges (
    id bigint generated always as identity,
    account text not null,
    amount numeric(18,6) not null,
    detail jsonb,
    created_at timestamptz not null,
    primary key (id, created_at)) partition by range (created_at);
  create index on charges (created_at);
  create table admin_actions (
    id uuid primary key,
    actor text not null,
    action text not null,
    address inet,
    took interval,
    at timestamptz not null);
  create index on admin_actions (at);
  create table api_tokens (id int primary key, token text not null, created_at timestamptz not null);`;

async function fill(client: pg.Client, month: Month, now: Date): Promise<void> {
  const [start, end] = [monthStart(month), monthEnd(month)];
  const until = end < now ? end : now;
  await client.query(
    `create table charges_${month.replace('-', '_')} partition of charges
       for values from ('${start.toISOString()}') to ('${end.toISOString()}')`,
  );
  const instants = `$1::timestamptz + (i + 0.123456) * ($2::timestamptz - $1::timestamptz) / ($3::int + 1)`;
  const ask = (sql: string, rows: number) => client.query(sql, [start, until, rows]);
  await ask(
    `insert into credits (account, kind, amount, exact_amount, valid, note, created_at)
     select 'acct-' || lpad((i % 97)::text, 6, '0'), (enum_range(null::credit_kind))[1 + i % 3], i * 0.001234,
            case when i % 50 = 0 then 'NaN' else i * 1.10 end, daterange('2020-01-01', null),
            case when i % 7 = 0 then null else E'note\\twith a tab, ' || i end, ${instants}
       from generate_series(0, $3::int - 1) i`,
    creditsPerMonth,
  );
  await ask(
    `insert into charges (account, amount, detail, created_at)
     select 'acct-' || lpad((i % 97)::text, 6, '0'), i * 0.01, jsonb_build_object('hours', i % 24), ${instants}
       from generate_series(0, $3::int - 1) i`,
    creditsPerMonth,
  );
  await ask(
    `insert into admin_actions (id, actor, action, address, took, at)
     select md5($1::text || i)::uuid, 'admin-' || i % 5, 'changed limit', ('10.0.0.' || i % 250)::inet,
            make_interval(secs => i * 0.001), ${instants}
       from generate_series(0, $3::int - 1) i`,
    actionsPerMonth,
  );
}

/** What must come back byte for byte: COPY of a month, as the server prints it. */
export async function copyOfMonth(archive: ArchiveContext, source: string, month: Month): Promise<string> {
  const { pool } = await archive.sources.open(source);
  const condition = `created_at >= '${monthStart(month).toISOString()}' and created_at < '${monthEnd(month).toISOString()}'`;
  const statement = `copy (select * from public.credits where ${condition} order by created_at, id) to stdout`;
  return withConnection(pool, async (client) => {
    const chunks: Buffer[] = [];
    for await (const chunk of copyOut(client, { statement, subject: 'public.credits' })) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  });
}
