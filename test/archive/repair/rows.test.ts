import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { advanceRestore } from '../../../src/archive/restore/advance-restore.ts';
import { planRestore } from '../../../src/archive/restore/plan-restore.ts';
import { parseRestoreRequest } from '../../../src/archive/restore/restore-request.ts';
import { startRestore } from '../../../src/archive/restore/start-restore.ts';
import { runUntil } from '../../support/archive-at-step.ts';
import { type ArchiveScene, archiveBucket, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { archivedLines, assertAddsUp, tableLines } from '../../support/archive-truth.ts';
import { restore, said } from '../restore/restore-scene.ts';
import { tamper } from '../validate/archived-scene.ts';
import { address, adviceOf, assertSound, flip, planOf, remedies, repair, unitOf } from './repair-scene.ts';

const policy = { lockMode: 'GOVERNANCE', partRows: 30 } as const;

describe('whatever rows a faulty part had', () => {
  let scene: ArchiveScene;
  before(async () => {
    scene = await openArchiveScene({ settings: { rangeRows: 10 } });
  });
  after(() => scene[Symbol.asyncDispose]());

  const policies = new Map<string, Readonly<Record<string, unknown>>>();

  /** Gives a table a policy of its own. @returns its name */
  async function govern(table: string, settings: Readonly<Record<string, unknown>> = {}): Promise<string> {
    policies.set(table, { ...policy, name: table, tables: [`public.${table}`], ...settings });
    await scene.policies(...policies.values());
    return `public.${table}`;
  }

  /** Archives it by that. */
  async function archived(table: string, settings: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const name = await govern(table, settings);
    const { outcomes } = await scene.run({ tables: [name] });
    for (const { kind, failure } of outcomes) assert.notEqual(kind, 'failed', failure?.text);
    return name;
  }

  /** All that is archived of a table, restored once more. */
  async function restoredLines(table: string, schema: string) {
    const done = await restore(scene, { selection: { tables: [table] }, target: { kind: 'schema', schema } });
    assert.equal(done.progress.kind, 'done', said(done));
    return tableLines(scene, { table: `${schema}.${table.replace('public.', '')}` });
  }

  test('one of several parts alone is archived anew, and the others are not touched', async () => {
    await makeLedger(scene, { table: 'several', months: ['2026-05'], rowsPerMonth: 90 });
    const table = await archived('several');
    const unit = await unitOf(scene, table);
    const [first, second, third] = unit.parts;
    assert.ok(second !== undefined && unit.parts.length === 3);
    await flip(scene, second);
    assert.deepEqual(remedies(await planOf(scene, unit)), ['none', 'archive-anew', 'none']);
    assert.equal((await repair(scene, unit)).state, 'VERIFIED');
    const after = await unitOf(scene, table);
    assert.deepEqual(
      after.parts.map(({ id, ordinal, round, rows, digest }) => [
        id === first?.id || id === third?.id,
        ordinal,
        round,
        rows,
        digest === second.digest,
      ]),
      [
        [true, 1, 1, 30, false],
        [true, 3, 1, 30, false],
        [false, 4, 2, 30, true],
      ],
    );
    assert.deepEqual([after.rows, after.replacedParts.map(({ id }) => id)], [90, [second.id]]);
    assert.deepEqual(await archivedLines(scene, { table }), await tableLines(scene, { table }));
  });

  test('rows that were changed since are archived as they are only if it is asked for, and a restore gives what the table has', async () => {
    await makeLedger(scene, { table: 'changed', months: ['2026-05'], rowsPerMonth: 20 });
    const table = await archived('changed');
    await scene.query("update changed set note = 'another' where id = 3");
    await scene.query('delete from changed where id = 4');
    const unit = await unitOf(scene, table);
    for (const part of unit.parts) await flip(scene, part);
    const plan = await planOf(scene, unit);
    assert.deepEqual(plan.entries[0]?.remedy, { kind: 'ask', rows: 19 });
    const asked = await repair(scene, unit);
    assert.deepEqual([asked.state, asked.repaired, asked.left], ['FAILED', [], [1]]);
    const { state } = await repair(scene, unit, { takesChangedRows: true });
    assert.equal(state, 'VERIFIED');
    const [replacement] = (await unitOf(scene, table)).replacements;
    assert.equal(replacement?.isSame, false);
    const written = await tableLines(scene, { table });
    await archived('changed', { purge: true });
    await assertAddsUp(scene, written, { table });
    assert.deepEqual(await restoredLines(table, 'back1'), written);
  });

  test('departed rows that only the faulty part had are taken back, and a row like them that comes later is not lost', async () => {
    await makeLedger(scene, { table: 'departed', months: ['2026-05'], rowsPerMonth: 20 });
    const table = await archived('departed');
    await scene.query(
      'create table aside as with gone as (delete from departed where id in (3, 4) returning *) select * from gone',
    );
    await scene.query(
      "insert into departed (account, amount, created_at) select 'late', i, '2026-05-20' from generate_series(1, 3) i",
    );
    await archived('departed');
    const unit = await unitOf(scene, table);
    assert.deepEqual([unit.parts.map(({ rows }) => rows), unit.departed.length], [[20, 3], 2]);
    const [first] = unit.parts;
    assert.ok(first !== undefined);
    await flip(scene, first);
    assert.equal((await repair(scene, unit, { takesChangedRows: true })).state, 'VERIFIED');
    const after = await unitOf(scene, table);
    assert.deepEqual([after.parts.map(({ rows }) => rows), after.departed], [[3, 18], []]);
    const written = new Map(await tableLines(scene, { table }));
    await archived('departed', { purge: true });
    await assertAddsUp(scene, written, { table });
    // The very rows come back: they are new ones, and count.
    await scene.query('insert into departed overriding system value select * from aside');
    for (const [line] of await tableLines(scene, { table })) written.set(line, 1);
    await archived('departed', { purge: true });
    await assertAddsUp(scene, written, { table });
    assert.deepEqual(await restoredLines(table, 'back2'), written);
  });

  test('departed rows that another part has stay departed', async () => {
    await makeLedger(scene, { table: 'stay', months: ['2026-05'], rowsPerMonth: 20 });
    const table = await archived('stay');
    await scene.query(
      "insert into stay (account, amount, created_at) select 'late', i, '2026-05-01' from generate_series(1, 4) i",
    );
    await archived('stay');
    await scene.query("delete from stay where account = 'late' and amount = 1");
    await scene.query(
      "insert into stay (account, amount, created_at) select 'later', i, '2026-05-01' from generate_series(1, 4) i",
    );
    await archived('stay');
    const unit = await unitOf(scene, table);
    const [first] = unit.parts;
    assert.ok(first !== undefined && unit.parts.length === 3 && unit.departed.length === 1);
    await flip(scene, first);
    assert.deepEqual(remedies(await planOf(scene, unit)), ['archive-anew', 'none', 'none']);
    assert.equal((await repair(scene, unit)).state, 'VERIFIED');
    assert.deepEqual((await unitOf(scene, table)).departed, unit.departed);
    const written = await tableLines(scene, { table });
    assert.deepEqual(await archivedLines(scene, { table }), written);
    await archived('stay', { purge: true });
    await assertAddsUp(scene, written, { table });
    assert.deepEqual(await restoredLines(table, 'back3'), written);
  });

  test('without a key, equal rows are archived anew as often as they are there', async () => {
    await scene.query('create table keyless (account text, created_at timestamptz not null)');
    await scene.query('create index on keyless (created_at)');
    await scene.query(`insert into keyless select 'a' || i % 3, timestamptz '2026-05-03' + make_interval(days => i / 4)
                         from generate_series(0, 39) i`);
    const table = await archived('keyless');
    const written = await tableLines(scene, { table });
    const elsewhere = { selection: { tables: [table] }, target: { kind: 'schema', schema: 'back4' } };
    assert.equal((await restore(scene, elsewhere)).progress.kind, 'done');
    const unit = await unitOf(scene, table);
    for (const part of unit.parts) await flip(scene, part);
    const { state, left } = await repair(scene, unit);
    assert.deepEqual([state, left], ['VERIFIED', []]);
    assert.deepEqual(await archivedLines(scene, { table }), written);
    await assert.rejects(restore(scene, elsewhere), { code: 'RESTORE_CONFLICT' });
    assert.deepEqual(await tableLines(scene, { table: 'back4.keyless' }), written, 'restored twice');
    await archived('keyless', { purge: true });
    await assertAddsUp(scene, written, { table });
    assert.deepEqual(await restoredLines(table, 'back5'), written);
  });

  test('a snapshot is taken again only while the table is what it was', async () => {
    await makeLedger(scene, { table: 'referred', months: ['2026-05'], rowsPerMonth: 20 });
    const settings = { mode: 'snapshot', timeColumn: undefined, classification: 'reference' };
    const table = await archived('referred', settings);
    const unit = await unitOf(scene, table);
    for (const part of unit.parts) await flip(scene, part);
    assert.deepEqual(remedies(await planOf(scene, unit)), ['archive-anew']);
    await scene.query('delete from referred where id = 3');
    const plan = await planOf(scene, unit);
    assert.deepEqual(remedies(plan), ['impossible']);
    assert.match(adviceOf(plan), /the snapshot of 2026-11 cannot be taken again/);
    assert.deepEqual((await repair(scene, unit, { takesChangedRows: true })).left, [1]);
  });

  test('a part that a restore is waiting for ends the restore with a word of what to do', async () => {
    await makeLedger(scene, { table: 'waited', months: ['2026-05'], rowsPerMonth: 20 });
    const table = await archived('waited');
    const { signal } = new AbortController();
    const request = { source: 'ledger', selection: { tables: [table] }, target: { kind: 'schema', schema: 'back6' } };
    const plan = await planRestore(scene.context, parseRestoreRequest(request));
    const { id: restoreId } = await startRestore(scene.context, { plan, actor: 'test' });
    const unit = await unitOf(scene, table);
    for (const part of unit.parts) await flip(scene, part);
    await repair(scene, unit);
    const progress = await advanceRestore(scene.context, { restoreId, signal });
    assert.ok(progress.kind === 'failed');
    assert.match(progress.failure.message, /was faulty, and other parts hold its rows now: ask for the restore anew/);
    assert.equal((await restoredLines(table, 'back6')).size, 20);
  });

  test('an upload that another object is in the way of, and one that is not encrypted as it should be, are archived under another name', async () => {
    for (const [name, code] of [
      ['taken', 'OBJECT_EXISTS'],
      ['unsealed', 'ENCRYPTION_MISSING'],
    ] as const) {
      await makeLedger(scene, { table: name, months: ['2026-05'], rowsPerMonth: 60 });
      const table = await govern(name);
      await runUntil(scene, name === 'taken' ? 'part.intended' : 'part.uploaded', { tables: [table] });
      const [part] = (await unitOf(scene, table)).parts;
      assert.ok(part !== undefined);
      if (name === 'taken') {
        await scene.aws.admin.putObject({ bucket: archiveBucket, key: part.key, body: Buffer.from('other') });
      } else {
        // As if the server had not done what it was asked to (stored is AES256), and the run had ended there.
        await tamper(
          scene,
          `update registry.archive_part set state = 'INTENDED', version_id = null,
                  encryption = '{"algorithm": "aws:kms", "keyId": "key-1"}' where id = ${part.id}`,
        );
      }
      for (let attempt = 1; attempt <= 2; attempt++) {
        const { outcomes } = await scene.run({ tables: [table], retryNow: true });
        assert.equal(outcomes[0]?.failure?.code, code, outcomes[0]?.failure?.text);
      }
      const unit = await unitOf(scene, table);
      const plan = await planOf(scene, unit);
      assert.deepEqual([remedies(plan), plan.entries[0]?.fault?.code], [['archive-anew'], code]);
      const { state } = await repair(scene, unit);
      assert.equal(state, 'VERIFIED');
      const written = await tableLines(scene, { table });
      assert.deepEqual(await archivedLines(scene, { table }), written);
      await archived(name, { purge: true });
      await assertAddsUp(scene, written, { table });
    }
  });

  test('a lock that is too weak, and cannot become stronger, is no reason to wait: the rows get another object', async () => {
    await makeLedger(scene, { table: 'weak', months: ['2026-05'], rowsPerMonth: 20 });
    const table = await archived('weak');
    const unit = await unitOf(scene, table);
    await scene.registryQuery("update registry.archive_part set lock_mode = 'COMPLIANCE' where unit_id = $1", [
      unit.id,
    ]);
    const plan = await planOf(scene, unit);
    assert.deepEqual([remedies(plan), plan.entries[0]?.fault?.code], [['archive-anew'], 'LOCK_MISSING']);
    assert.equal((await repair(scene, unit)).state, 'VERIFIED');
  });

  test('in the end nothing is wrong any more, once the object of the snapshot is what it was', async () => {
    scene.setNow(new Date(Date.now() + 2 * 86_400_000));
    const [part] = (await unitOf(scene, 'public.referred')).parts;
    assert.ok(part !== undefined);
    await flip(scene, part);
    const replaced = await scene.registryQuery<{ key: string }>(
      "select key from registry.archive_part where state = 'REPLACED'",
    );
    for (const { key } of replaced) await scene.aws.admin.deleteObject({ bucket: archiveBucket, key });
    await assertSound(scene);
    assert.ok(address(part));
  });
});
