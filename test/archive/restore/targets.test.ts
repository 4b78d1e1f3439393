import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { restoreLines } from '../../../src/archive/restore/restore-lines.ts';
import { isAppError } from '../../../src/errors.ts';
import { type ArchiveScene, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { detailOf, restore, said } from './restore-scene.ts';

/** Columns of the ledger that makeLedger() makes. */
const ledgerColumns = `id bigint generated always as identity primary key, account text not null, amount numeric(18,6) not null,
  currency char(3) not null default 'USD', note text, detail jsonb, created_at timestamptz not null`;
const rows = 40;

describe('a restore into a table that is there', () => {
  let scene: ArchiveScene;
  let archived: string;

  before(async () => {
    scene = await openArchiveScene();
    await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: rows });
    archived = await scene.copyText('ledger', 'id');
    await scene.policies({ purge: true });
    await scene.run();
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
  });

  const into = (table: string, more: Readonly<Record<string, unknown>> = {}) =>
    restore(scene, { target: { kind: 'table', schema: 'public', table }, ...more });
  const count = async (from: string) =>
    (await scene.query<{ rows: number }>(`select count(*)::int as rows from ${from}`))[0]?.rows;

  test('conflict "fail" puts nothing in when one row is there; the rows that are there stay as they are', async () => {
    await scene.query(`create table failing (${ledgerColumns});
      insert into failing overriding system value values (7, 'mine', 1, 'EUR', null, null, '2026-05-01')`);
    const result = await into('failing');
    assert.match(said(result), /^RESTORE_CONFLICT .*Key \(id\)=\(7\) already exists/);
    assert.equal(result.restore.state, 'FAILED');
    assert.deepEqual(await scene.query('select account from failing'), [{ account: 'mine' }]);
    assert.match(restoreLines(result.plan).join('\n'), /the target has 1 rows of 2026-05 already/);
  });

  test('conflict "skip" leaves the rows that are there, "overwrite" makes them what they were', async () => {
    for (const conflict of ['skip', 'overwrite']) {
      const table = `by_${conflict}`;
      await scene.query(`create table ${table} (${ledgerColumns});
        insert into ${table} overriding system value values (7, 'mine', 1, 'EUR', null, null, '2026-05-01')`);
      const result = await into(table, { conflict });
      assert.equal(said(result), 'done');
      if (conflict === 'overwrite') {
        assert.equal(await scene.copyText(table, 'id'), archived);
        continue;
      }
      assert.equal(await count(table), rows);
      assert.deepEqual(await scene.query(`select account from ${table} where id = 7`), [{ account: 'mine' }]);
      assert.equal(detailOf(result).skipped, 1);
    }
  });

  test('without a key, rows that may be there already are not doubled', async () => {
    await scene.query('create table keyless as select * from ledger with no data');
    assert.equal(said(await into('keyless')), 'done');
    assert.match(said(await into('keyless', { again: true })), /^RESTORE_CONFLICT .*no primary key.*40 rows/);
    assert.equal(await count('keyless'), rows);
    await assert.rejects(into('keyless', { again: true, conflict: 'skip' }), /nothing to skip/);
  });

  test('a restore that would bring nothing, as all was restored there before, is refused and names `again`', async () => {
    await scene.query(`create table marked (${ledgerColumns})`);
    assert.equal(said(await into('marked')), 'done');
    await scene.query('truncate marked');
    await assert.rejects(into('marked'), (error) => {
      assert.ok(isAppError(error, 'RESTORE_CONFLICT'), String(error));
      assert.match(error.message, /everything that is selected was restored there before \(restore \d+\).*--again/);
      return true;
    });
    assert.equal(await count('marked'), 0);
    assert.equal(said(await into('marked', { again: true })), 'done');
    assert.equal(await scene.copyText('marked', 'id'), archived);
    await scene.query('drop table marked');
    assert.equal(said(await into('marked')), 'done', 'it is made anew');
    assert.equal(await scene.copyText('marked', 'id'), archived);
  });

  test('added columns get their defaults, values of dropped ones are kept aside or refused, as asked', async () => {
    await scene.query(`create table altered (${ledgerColumns}, region text not null default 'eu', half numeric generated always as (amount / 2) stored);
      alter table altered drop note, drop detail`);
    await assert.rejects(into('altered'), /column note is not in the target any more/);
    const result = await into('altered', { droppedColumns: 'extra' });
    assert.equal(said(result), 'done');
    const lines = restoreLines(result.plan).join('\n');
    for (const told of [
      /note is not in the target any more: its values go to _restored_extra/,
      /region was added since: default 'eu'/,
    ]) {
      assert.match(lines, told);
    }
    const [row] = await scene.query(`select region, half = amount / 2 as half, _restored_extra as extra,
      (_restored_extra ->> 'detail')::jsonb -> 'i' as i from altered where id = 5`);
    assert.deepEqual(row, {
      region: 'eu',
      half: true,
      extra: { note: 'note 4\twith a tab', detail: '{"i": 4, "tags": ["a", 1]}' },
      i: 4,
    });
    await scene.query(`create table needing (${ledgerColumns}, owner text not null)`);
    await assert.rejects(into('needing'), /column owner was added since, must not be null and has no default/);
  });

  test('a value is cast where nothing of it is lost, and refused by column and value where something would be', async () => {
    await scene.query(`create type currency as enum ('USD', 'EUR');
      create table wider (id numeric primary key, account varchar(20), amount numeric, currency currency, note text, detail text, created_at timestamp)`);
    const wider = await into('wider');
    assert.equal(said(wider), 'done');
    const as =
      'id::bigint, account, amount::numeric(18,6), currency::text, note, detail::jsonb, created_at::timestamptz';
    assert.equal(await scene.copyText(`(select ${as} from wider order by id)`, 'id'), archived);
    const refused = {
      short: [
        'account varchar(4)',
        /column account: the archived value "acct-0000" cannot become .*varying\(4\) without loss/,
      ],
      rounded: ['amount numeric(18,2)', /column amount: the archived value "-18.999999" cannot become numeric\(18,2\)/],
      small: [
        'amount numeric(7,6)',
        /column amount: the archived value "-20.000000" cannot become numeric\(7,6\).*overflow/,
      ],
      renamed: [
        'currency money_code',
        /column currency: the archived value "USD" cannot become public.money_code.*invalid input value for enum/,
      ],
      dated: ['created_at date', /column created_at: .* cannot become date/],
    } as const;
    await scene.query("create type money_code as enum ('usd')");
    for (const [table, [column, wanted]] of Object.entries(refused)) {
      const name = column.split(' ')[0];
      await scene.query(
        `create table ${table} (${ledgerColumns}); alter table ${table} drop ${name}; alter table ${table} add ${column}`,
      );
      const result = await into(table);
      assert.match(said(result), /^SCHEMA_DRIFTED/);
      assert.match(said(result), wanted);
      assert.equal(await count(table), 0);
    }
  });

  test('a trigger that changes or keeps out restored rows is named, and nothing is restored', async () => {
    await scene.query(`create table touched (${ledgerColumns});
      create function touch() returns trigger language plpgsql as $$ begin new.note := 'touched'; return new; end $$;
      create trigger touching before insert on touched for each row execute function touch();
      create table eaten (${ledgerColumns});
      create function eat() returns trigger language plpgsql as $$ begin return null; end $$;
      create trigger eating before insert on eaten for each row execute function eat()`);
    assert.match(
      said(await into('touched')),
      /^RESTORE_CONFLICT .*triggers \(touching\) changed 40 of the restored rows/,
    );
    assert.match(said(await into('eaten')), /^RESTORE_CONFLICT .*took 0 of 40 rows.*eating/);
    assert.equal(await count('touched'), 0);
  });

  test('identities keep their values, and a sequence is moved on only where it is behind', async () => {
    await scene.query(`create table behind (${ledgerColumns}); create table ahead (${ledgerColumns});
      select setval(pg_get_serial_sequence('ahead', 'id'), 1000)`);
    const behind = await into('behind');
    const ahead = await into('ahead');
    assert.deepEqual(detailOf(behind).sequences, [
      { column: 'id', sequence: 'public.behind_id_seq', from: '1', to: '40' },
    ]);
    assert.deepEqual(detailOf(ahead).sequences, []);
    const next = (table: string) =>
      scene.query(`insert into ${table} (account, amount, created_at) values ('n', 1, now()) returning id::int`);
    assert.deepEqual([await next('behind'), await next('ahead')], [[{ id: 41 }], [{ id: 1001 }]]);
  });

  test('a whole source goes into a staging schema; a table, a month or a part can be asked for alone', async () => {
    const staged = await restore(scene, {
      target: { kind: 'schema', schema: 'staging' },
      selection: { tables: ['led*'], from: '2026-05', to: '2026-05' },
    });
    assert.equal(said(staged), 'done');
    assert.equal(await scene.copyText('staging.ledger', 'id'), archived);
    const [part] = staged.restore.parts;
    const single = await restore(scene, {
      target: { kind: 'schema', schema: 'single' },
      selection: { parts: [part?.partId] },
    });
    assert.equal(said(single), 'done');
    assert.equal(await count('single.ledger'), rows);
    await assert.rejects(restore(scene, { selection: { from: '2026-06' } }), /nothing of ledger is archived/);
    await assert.rejects(
      restore(scene, { selection: { from: '2026-06', to: '2026-05' } }),
      /ends \(2026-05\) before it begins/,
    );
  });
});
