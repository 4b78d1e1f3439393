import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { placeHold } from '../../../src/registry/archive/hold.ts';
import { atStep, runUntil } from '../../support/archive-at-step.ts';
import { type ArchiveScene, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { archivedLines, assertAddsUp, sorted, tableLines, unitsOf } from '../../support/archive-truth.ts';

const table = 'public.ledger';
/** Between two writes of a writer: faster ones leave no range as it was for any length of time. */
const pauseMillis = 25;

/** Connections that write into the months that are archived, as long as this is not disposed of. */
class Writers {
  readonly #scene: ArchiveScene;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];
  writes = 0;

  constructor(scene: ArchiveScene, count: number) {
    this.#scene = scene;
    for (let i = 0; i < count; i++) this.#running.push(this.#write(i));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  /** Inserts, changes, moves into another month and deletes, each in a transaction of its own, as fast as it can. */
  async #write(seed: number): Promise<void> {
    const client = new pg.Client({ connectionString: this.#scene.sourceUrl });
    await client.connect();
    await client.query(
      seed % 2 === 0 ? 'set default_transaction_isolation = serializable' : "set timezone to 'Asia/Tokyo'",
    );
    let random = seed + 1;
    const next = (below: number) => {
      random = (random * 48_271) % 2_147_483_647;
      return random % below;
    };
    const days = () => `'2026-0${5 + next(2)}-01 00:00+00'::timestamptz + interval '${next(700)} hours'`;
    try {
      while (!this.#stop.signal.aborted) {
        const some = `id in (select id from ledger where created_at < '2026-07-01' and id % 13 = ${next(13)} order by id limit 3)`;
        const statements = [
          `insert into ledger (account, amount, note, created_at) values ('new', 1.5, 'late', ${days()})`,
          `update ledger set amount = amount + 1, note = coalesce(note, '') || '!' where ${some}`,
          `update ledger set created_at = ${days()} where ${some}`,
          `delete from ledger where ${some}`,
        ];
        await perform(client, statements[next(4)] ?? '');
        await setTimeout(pauseMillis);
        this.writes++;
      }
    } finally {
      await client.end();
    }
  }
}

async function perform(client: pg.Client, statement: string): Promise<void> {
  await client.query(statement).catch((error: unknown) => {
    // Two serializable writers, or a writer and a purge, may meet: then nothing was written.
    if (!(error instanceof pg.DatabaseError && ['40001', '40P01'].includes(error.code ?? ''))) throw error;
  });
}

/**
 * Makes the table keep `model`, a copy of itself that writers change and purges do not: archivers are known by their
 * application name.
 */
async function keepModel(scene: ArchiveScene): Promise<void> {
  await scene.query('create table model (like ledger)');
  await scene.query('insert into model select * from ledger');
  await scene.query(`create function keep_model() returns trigger language plpgsql as $$
    begin
      if current_setting('application_name') like 'billvault%' then return null; end if;
      if tg_op <> 'INSERT' then delete from public.model where id = old.id; end if;
      if tg_op <> 'DELETE' then insert into public.model select new.*; end if;
      return null;
    end $$`);
  await scene.query(
    'create trigger keep_model after insert or update or delete on ledger for each row execute function keep_model()',
  );
}

async function assertModel(scene: ArchiveScene): Promise<void> {
  await assertAddsUp(scene, await tableLines(scene, { table: 'public.model' }), { table });
}

describe('writers meet the archive', () => {
  test('rows inserted, changed, moved between months and deleted during exports and purges are each in one place', async () => {
    await using scene = await openArchiveScene({ settings: { rangeRows: 40 } });
    await makeLedger(scene, { months: ['2026-05', '2026-06'], rowsPerMonth: 300 });
    await keepModel(scene);
    await scene.policies({ purge: true });
    {
      await using writers = new Writers(scene, 2);
      await scene.run();
      assert.ok(writers.writes > 20, `only ${writers.writes} writes`);
    }
    // Whatever was still changing is archived once nobody writes any more.
    await scene.run({ retryNow: true });
    await assertModel(scene);
    const left = await scene.query('select id from ledger');
    assert.deepEqual(left, []);
  });

  test('rows changed, deleted, moved away and come back between the export and the purge are archived as they are last', async () => {
    await using scene = await openArchiveScene({ settings: { rangeRows: 10 } });
    await makeLedger(scene, { months: ['2026-05', '2026-06'], rowsPerMonth: 40 });
    await keepModel(scene);
    await scene.policies({});
    await scene.run();
    await scene.query(`update ledger set note = 'changed' where id in (3, 41)`);
    await scene.query(`update ledger set created_at = created_at + interval '31 days' where id = 5`);
    // A whole range, and a row that comes back as it was.
    await scene.query(`create table aside as select * from ledger where id = 25`);
    await scene.query(`delete from ledger where id between 11 and 20 or id = 25`);
    await scene.query(
      `insert into ledger (account, amount, created_at) values ('late', 2, '2026-05-31 23:59:59.999999+00')`,
    );
    await scene.run();
    await scene.query(`insert into ledger overriding system value select * from aside`);
    await scene.policies({ purge: true });
    const { outcomes } = await scene.run();
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['purged', 'purged'],
      JSON.stringify(outcomes.map((o) => o.failure?.text)),
    );
    await assertModel(scene);
    assert.deepEqual(await scene.query('select id from ledger'), []);
  });

  test('a row that departs, comes back unchanged and departs again is in the archive as often as it is in the table', async () => {
    await using scene = await openArchiveScene();
    await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 5 });
    await scene.query('create table aside as select * from ledger where id = 2');
    const purgeRound = async () => {
      await scene.policies({ purge: true });
      assert.deepEqual(
        (await scene.run()).outcomes.map(({ kind }) => kind),
        ['purged'],
      );
      await scene.policies({});
    };
    const late = (account: string) =>
      scene.query(`insert into ledger (account, amount, created_at) values ($1, 2, '2026-05-20 00:00+00')`, [account]);
    const isArchived = async () =>
      sorted(await archivedLines(scene, { table })).filter((line) => line.startsWith('2\t')).length;
    await scene.policies({});
    await scene.run();
    await scene.query('delete from ledger where id = 2');
    await late('first');
    await late('second');
    await scene.run();
    assert.equal(await isArchived(), 0);
    await scene.query('insert into ledger overriding system value select * from aside');
    await late('third');
    await scene.run();
    assert.equal(await isArchived(), 1);
    await scene.query('delete from ledger where id = 2');
    await late('fourth');
    await late('fifth');
    await scene.run();
    assert.equal(await isArchived(), 0);
    await scene.query('insert into ledger overriding system value select * from aside');
    await purgeRound();
    assert.equal(await isArchived(), 1);
    assert.equal((await scene.query('select id from ledger')).length, 0);
  });

  test('a row lock that is let go of in time is waited for', async () => {
    await using scene = await openArchiveScene();
    await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 20 });
    await keepModel(scene);
    await scene.policies({ purge: true });
    const holder = new pg.Client({ connectionString: scene.sourceUrl });
    await holder.connect();
    await holder.query('begin');
    await holder.query("update ledger set note = 'held' where id = 7");
    let released: Promise<unknown> | undefined;
    await atStep(
      'purge.before-delete',
      () => {
        released = waitForWaiter(scene).then(() => holder.query('commit'));
      },
      () => scene.run(),
    );
    await released;
    await holder.end();
    assert.deepEqual(await scene.query('select id from ledger'), []);
    await assertModel(scene);
  });

  test('a hold that is placed between the plan and the purge stops the purge', async () => {
    await using scene = await openArchiveScene();
    await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 20 });
    const written = await tableLines(scene);
    await scene.policies({ purge: true });
    const { registry } = scene.context;
    const hold = {
      source: 'ledger',
      table,
      from: '2026-05',
      to: '2026-05',
      reason: 'audit',
      until: null,
      actor: 'lawyer',
    };
    let placed: Promise<unknown> | undefined;
    const { outcomes } = await atStep(
      'export.mid-copy',
      () => {
        placed = placeHold(registry, hold);
      },
      () => scene.run(),
    );
    await placed;
    assert.deepEqual(
      outcomes.map(({ kind, failure }) => [kind, failure?.code]),
      [['waiting', 'ON_HOLD']],
    );
    assert.deepEqual(await tableLines(scene), written);
  });

  test('a table altered between export and purge, or half exported, loses nothing', async () => {
    await using scene = await openArchiveScene({ parallel: 1, settings: { rangeRows: 10 } });
    await makeLedger(scene, { months: ['2026-05', '2026-06'], rowsPerMonth: 40 });
    await scene.policies({ partRows: 20 });
    await scene.run({ to: '2026-05' });
    await runUntil(scene, 'part.stored');
    await scene.query("alter table ledger add column region text default 'eu'");
    await scene.query('alter table ledger drop column detail');
    await scene.policies({ partRows: 20, purge: true });
    const written = await tableLines(scene);
    const { outcomes } = await scene.run({ retryNow: true });
    assert.deepEqual(
      outcomes.map(({ kind, failure }) => [kind, failure?.text]),
      [
        ['purged', undefined],
        ['purged', undefined],
      ],
    );
    await assertAddsUp(scene, written);
  });

  test('two archivers on one table at once: one finds it busy, and nothing is archived twice', async () => {
    await using scene = await openArchiveScene();
    await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 200 });
    const written = await tableLines(scene);
    await scene.policies({ purge: true });
    const runs = await Promise.all([scene.run(), scene.run(), scene.run()]);
    const failures = runs.flatMap(({ outcomes }) => outcomes.flatMap(({ failure }) => failure?.code ?? []));
    assert.ok(
      failures.every((code) => code === 'TABLE_BUSY'),
      JSON.stringify(failures),
    );
    await scene.run();
    await assertAddsUp(scene, written);
    assert.equal((await unitsOf(scene)).flatMap(({ parts }) => parts).length, 1);
  });
});

/** Until somebody waits for a lock in the source database. */
async function waitForWaiter(scene: ArchiveScene): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const [found] = await scene.query<{ waiting: boolean }>(
      `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waiting`,
    );
    if (found?.waiting || Date.now() > deadline) return;
  }
}
