import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PartRecord } from '../../../src/registry/archive/unit-record.ts';
import { type ArchiveScene, archiveBucket, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { assertAddsUp, type Lines, tableLines } from '../../support/archive-truth.ts';
import { restore, said } from '../restore/restore-scene.ts';
import { address, adviceOf, assertSound, flip, planOf, remedies, repair, unitOf } from './repair-scene.ts';

const tables = ['newer', 'older', 'undone', 'lost', 'again'] as const;
const nameOf = (table: (typeof tables)[number]) => `public.${table}`;

async function onlyPart(scene: ArchiveScene, table: (typeof tables)[number]): Promise<PartRecord> {
  const [part, ...others] = (await unitOf(scene, nameOf(table))).parts;
  assert.ok(part !== undefined && others.length === 0);
  return part;
}

describe('a faulty part whose rows were purged', () => {
  let scene: ArchiveScene;
  const written = new Map<string, Lines>();
  before(async () => {
    scene = await openArchiveScene();
    Object.assign(scene.context.destination, { replicaBucket: 'ledger-replica' });
    for (const table of tables) await makeLedger(scene, { table, months: ['2026-05'], rowsPerMonth: 20 });
    for (const table of tables) written.set(table, await tableLines(scene, { table: nameOf(table) }));
    const policy = { lockMode: 'GOVERNANCE', purge: true };
    await scene.policies(
      { name: 'undo', tables: ['public.undone', 'public.again'], undoDays: 30, ...policy },
      { name: 'gone', tables: ['public.newer', 'public.older', 'public.lost'], ...policy },
    );
    const { counts, outcomes } = await scene.run();
    assert.equal(counts.purged, tables.length, JSON.stringify(outcomes));
    scene.setNow(new Date(Date.now() + 2 * 86_400_000));
  });
  after(() => scene[Symbol.asyncDispose]());

  for (const [table, how] of [
    ['newer', 'put over the faulty one'],
    ['older', 'that something else lies over'],
  ] as const) {
    test(`takes another version of its object with the right bytes, ${how}`, async () => {
      const part = await onlyPart(scene, table);
      const { key } = part;
      const body = await scene.aws.admin.readObject(address(part));
      await scene.aws.admin.putObject({ bucket: archiveBucket, key, body });
      const over = table === 'older' ? [body.slice().reverse(), Buffer.from('other')] : [];
      const others: string[] = [];
      for (const bytes of over) {
        others.push((await scene.aws.admin.putObject({ bucket: archiveBucket, key, body: bytes })).versionId);
      }
      await flip(scene, part);
      const unit = await unitOf(scene, nameOf(table));
      assert.deepEqual(remedies(await planOf(scene, unit)), ['take-version']);
      const { state, repaired, left } = await repair(scene, unit);
      assert.deepEqual([state, repaired, left], ['VERIFIED', [1], []]);
      const taken = await onlyPart(scene, table);
      assert.notEqual(taken.versionId, part.versionId);
      assert.deepEqual([taken.id, taken.sha256, taken.state], [part.id, part.sha256, 'VERIFIED']);
      // From now on it is that one that is locked.
      await using store = scene.context.openStore('verifier');
      assert.deepEqual(await store.lock(key, taken.versionId ?? ''), {
        mode: 'GOVERNANCE',
        retainUntil: part.retainUntil,
      });
      const { replacements } = await unitOf(scene, nameOf(table));
      assert.deepEqual(
        replacements.map(({ versionId, newVersionId, isSame }) => [versionId, newVersionId, isSame]),
        [[part.versionId, taken.versionId, true]],
      );
      const [outcome] = (await scene.run({ tables: [nameOf(table)] })).outcomes;
      assert.equal(outcome?.kind, 'purged', outcome?.failure?.text);
      await assertAddsUp(scene, written.get(table) ?? new Map(), { table: nameOf(table) });
      for (const versionId of others) await scene.aws.admin.deleteObject({ bucket: archiveBucket, key, versionId });
    });
  }

  test('is lost where nothing has its bytes, and the plan says when it was purged and what can be done', async () => {
    const part = await onlyPart(scene, 'lost');
    await flip(scene, part);
    const unit = await unitOf(scene, nameOf('lost'));
    const plan = await planOf(scene, unit);
    assert.deepEqual(remedies(plan), ['impossible']);
    const advice = adviceOf(plan);
    assert.match(advice, /^its rows were purged \(20 rows of its ranges, last by test at 2026-/);
    assert.match(advice, /no other version of the object has its bytes/);
    assert.match(advice, /no undo table has its rows any more/);
    assert.ok(advice.includes(`aws s3 cp s3://ledger-replica/${part.key} s3://${archiveBucket}/${part.key}`), advice);
    const { state, repaired, left } = await repair(scene, unit, { takesChangedRows: true });
    assert.deepEqual([state, repaired, left], ['FAILED', [], [1]]);
    const [kept] = (await unitOf(scene, nameOf('lost'))).parts;
    assert.deepEqual([kept?.id, kept?.sha256, kept?.versionId], [part.id, part.sha256, part.versionId]);
    // What came late is no reason to take it for the rows that are lost.
    await scene.query("insert into lost (account, amount, created_at) values ('late', 1, '2026-05-20')");
    assert.deepEqual(remedies(await planOf(scene, unit)), ['impossible']);
  });

  test('is archived anew from the undo table, as the plan says how, and purged again by its own proof', async () => {
    await flip(scene, await onlyPart(scene, 'undone'));
    const unit = await unitOf(scene, nameOf('undone'));
    const plan = await planOf(scene, unit);
    const [, statement] = /(insert into .* select \* from [^,]+),/.exec(adviceOf(plan)) ?? [];
    assert.ok(statement !== undefined, adviceOf(plan));
    await scene.query(statement);
    assert.deepEqual(remedies(await planOf(scene, unit)), ['archive-anew']);
    const { state } = await repair(scene, unit);
    assert.equal(state, 'VERIFIED');
    assert.deepEqual(await tableLines(scene, { table: nameOf('undone') }), written.get('undone'));
    const plan2 = (await scene.run({ tables: [nameOf('undone')] })).outcomes;
    assert.deepEqual([plan2[0]?.kind, plan2[0]?.purgedRows], ['purged', 20], plan2[0]?.failure?.text);
    await assertAddsUp(scene, written.get('undone') ?? new Map(), { table: nameOf('undone') });
    const [rest] = (await scene.run({ tables: [nameOf('undone')] })).plan.entries;
    assert.equal(rest?.action, 'none', JSON.stringify(rest?.reasons));
  });

  test('rows that were restored are archived anew as well, and a restore to where they were brings none of them twice', async () => {
    const elsewhere = { target: { kind: 'schema', schema: 'copy' }, selection: { tables: [nameOf('again')] } };
    const before = await restore(scene, elsewhere);
    assert.equal(before.progress.kind, 'done', said(before));
    const back = await restore(scene, { selection: { tables: [nameOf('again')] } });
    assert.equal(back.progress.kind, 'done', said(back));
    await flip(scene, await onlyPart(scene, 'again'));
    const unit = await unitOf(scene, nameOf('again'));
    const { state } = await repair(scene, unit);
    assert.equal(state, 'VERIFIED');
    await assert.rejects(restore(scene, elsewhere), { code: 'RESTORE_CONFLICT', message: /was restored there before/ });
    const [rows] = await scene.query<{ rows: number }>('select count(*)::int as rows from copy.again');
    assert.equal(rows?.rows, 20);
    const [old] = unit.parts;
    await assert.rejects(
      restore(scene, { selection: { parts: [old?.id ?? 0] }, target: { kind: 'schema', schema: 'copy2' } }),
      { code: 'NOT_FOUND', message: /was faulty, and other parts hold its rows now/ },
    );
  });

  test('a copy of the object that somebody else had ends it: everything is in order again', async () => {
    await scene.aws.admin.putObject({
      bucket: archiveBucket,
      key: (await onlyPart(scene, 'lost')).key,
      body: await unflipped(scene, await onlyPart(scene, 'lost')),
    });
    const unit = await unitOf(scene, nameOf('lost'));
    assert.deepEqual(remedies(await planOf(scene, unit)), ['take-version']);
    assert.equal((await repair(scene, unit)).state, 'VERIFIED');
    await assertSound(scene, ['REPLACED', 'REPLACED']);
  });
});

async function unflipped(scene: ArchiveScene, part: PartRecord): Promise<Uint8Array> {
  const bytes = Uint8Array.from(await scene.aws.admin.readObject(address(part)));
  bytes[200] = (bytes[200] ?? 0) ^ 1;
  return bytes;
}
