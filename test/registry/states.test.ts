import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { recordAudit } from '../../src/registry/audit.ts';
import { createClient } from '../../src/registry/client/create-client.ts';
import { type OpenRegistry, openRegistry } from '../../src/registry/registry.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

const fileStates = ['NEW', 'INGESTED', 'FAILED'] as const;
type FileState = (typeof fileStates)[number];
const fileChanges = ['NEW>INGESTED', 'NEW>FAILED', 'FAILED>NEW', 'INGESTED>NEW'];

const deliveryStates = ['PENDING', 'PUBLISHED', 'SUPERSEDED', 'DROPPED'] as const;
type DeliveryState = (typeof deliveryStates)[number];
const deliveryChanges = [
  'PENDING>PUBLISHED',
  'PENDING>SUPERSEDED',
  'PUBLISHED>SUPERSEDED',
  'SUPERSEDED>PUBLISHED',
  'SUPERSEDED>DROPPED',
  // when a client is offboarded
  'PUBLISHED>DROPPED',
  'PENDING>DROPPED',
];

/** What a person with psql might try; the database itself has to refuse it. */
describe('the registry refuses by itself what must not be', () => {
  let database: TestDatabase;
  let opened: OpenRegistry;
  let sql: pg.Client;
  let exportId: number;
  let deliveries = 0;

  before(async () => {
    database = await openTestDatabase();
    opened = await openRegistry({ url: database.url, max: 2 });
    sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    const { id } = await createClient(opened.registry, { name: 'acme', actor: 'test' });
    const { rows } = await sql.query<{ id: number }>(
      `with r as (insert into registry.role (client_id, arn, external_id, region)
                  values ($1, 'arn:aws:iam::111122223333:role/r', 'external', 'eu-west-1') returning id)
       insert into registry.export (client_id, role_id, name, kind, bucket, root, source_name, table_name, schedule, settle_days, keep_superseded_days)
       select $1, id, 'hourly', 'cur2', 'b', 'r/', 'hourly', 'hourly', '0 * * * *', 21, 7 from r returning id`,
      [id],
    );
    exportId = Number(rows[0]?.id);
  });
  after(async () => {
    await sql.end();
    await opened.close();
    await database.drop();
  });

  async function newDelivery(state: DeliveryState): Promise<number> {
    const { rows } = await sql.query<{ id: string }>(
      `insert into registry.delivery (export_id, period_start, period_end, identity, state, published_at, superseded_at, dropped_at)
       values ($1, date '2000-01-01' + $2 * interval '1 month', date '2000-01-01' + ($2 + 1) * interval '1 month', $3, $4::registry.delivery_state, now(), now(), now())
       returning id`,
      [exportId, deliveries++, `identity-${deliveries}`, state],
    );
    return Number(rows[0]?.id);
  }

  async function newFile(status: FileState): Promise<number> {
    const deliveryId = await newDelivery('PENDING');
    const { rows } = await sql.query<{ id: string }>(
      `insert into registry.file (delivery_id, ordinal, key, etag, period_start, period_end, status, rows, bytes, sha256, ingested_at, error_code, error_text)
       select id, 1, 'k', 'e', period_start, period_end, $2::registry.file_status, 1, 1, 'x', now(), 'INTERNAL', 'text'
         from registry.delivery where id = $1 returning id`,
      [deliveryId, status],
    );
    return Number(rows[0]?.id);
  }

  const refused = (statement: string, values: readonly unknown[], code = '23514') =>
    assert.rejects(sql.query(statement, [...values]), (error: pg.DatabaseError) => error.code === code);

  for (const from of fileStates) {
    for (const to of fileStates.filter((state) => state !== from)) {
      const isLegal = fileChanges.includes(`${from}>${to}`);
      test(`a file ${isLegal ? 'may' : 'cannot'} go from ${from} to ${to}`, async () => {
        const id = await newFile(from);
        const change = `update registry.file set status = $2::registry.file_status, generation = generation + $3 where id = $1`;
        const values = [id, to, to === 'NEW' ? 1 : 0];
        if (isLegal) assert.equal((await sql.query(change, values)).rowCount, 1);
        else await refused(change, values);
      });
    }
  }

  for (const from of deliveryStates) {
    for (const to of deliveryStates.filter((state) => state !== from)) {
      const isLegal = deliveryChanges.includes(`${from}>${to}`);
      test(`a delivery ${isLegal ? 'may' : 'cannot'} go from ${from} to ${to}`, async () => {
        const id = await newDelivery(from);
        const change = 'update registry.delivery set state = $2::registry.delivery_state where id = $1';
        if (isLegal) assert.equal((await sql.query(change, [id, to])).rowCount, 1);
        else await refused(change, [id, to]);
      });
    }
  }

  test('a file is not INGESTED without its counts, nor FAILED without a reason', async () => {
    for (const column of ['rows', 'bytes', 'sha256', 'ingested_at']) {
      await refused(`update registry.file set status = 'INGESTED', ${column} = null where id = $1`, [
        await newFile('NEW'),
      ]);
    }
    for (const column of ['error_code', 'error_text']) {
      await refused(`update registry.file set status = 'FAILED', ${column} = null where id = $1`, [
        await newFile('NEW'),
      ]);
    }
  });

  test('a reprocess raises the generation by one, no less and no more', async () => {
    for (const step of [0, 2, -1]) {
      await refused(`update registry.file set status = 'NEW', generation = generation + $2 where id = $1`, [
        await newFile('FAILED'),
        step,
      ]);
    }
  });

  test('what a file or a delivery is does not change', async () => {
    const other = await newDelivery('PENDING');
    for (const change of [
      "key = 'other'",
      `delivery_id = ${other}`,
      "period_start = '2020-01-01', period_end = '2020-02-01'",
    ]) {
      await refused(`update registry.file set ${change} where id = $1`, [await newFile('NEW')]);
    }
    for (const change of ["identity = 'other'", "period_start = '2020-01-01', period_end = '2020-02-01'"]) {
      await refused(`update registry.delivery set ${change} where id = $1`, [await newDelivery('PENDING')]);
    }
  });

  test('a lease has an owner and an end, and only a NEW file has one', async () => {
    await refused(`update registry.file set lease_owner = 'me' where id = $1`, [await newFile('NEW')]);
    await refused(`update registry.file set lease_until = now() where id = $1`, [await newFile('NEW')]);
    await refused(`update registry.file set lease_owner = 'me', lease_until = now() where id = $1`, [
      await newFile('FAILED'),
    ]);
  });

  test('a billing period is one calendar month', async () => {
    await refused(
      `insert into registry.delivery (export_id, period_start, period_end, identity) values ($1, '2024-02-02', '2024-03-02', 'x')`,
      [exportId],
    );
    await refused(
      `insert into registry.delivery (export_id, period_start, period_end, identity) values ($1, '2024-02-01', '2024-04-01', 'x')`,
      [exportId],
    );
  });

  test('two deliveries of one period are never current at once', async () => {
    const id = await newDelivery('PUBLISHED');
    await refused(
      `insert into registry.delivery (export_id, period_start, period_end, identity, state, published_at)
       select export_id, period_start, period_end, 'second', 'PUBLISHED', now() from registry.delivery where id = $1`,
      [id],
      '23505',
    );
  });

  test('the audit is added to and never changed, emptied or cut', async () => {
    await recordAudit(opened.registry, { actor: 'test', action: 'client.created', subject: 'client/acme' });
    await refused(`update registry.audit_event set actor = 'nobody'`, []);
    await refused('delete from registry.audit_event', []);
    await refused('truncate registry.audit_event', []);
    const { rows } = await sql.query('select 1 from registry.audit_event');
    assert.ok(rows.length >= 2);
  });
});
