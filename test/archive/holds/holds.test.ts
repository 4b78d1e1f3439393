import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { placeHold } from '../../../src/archive/holds/place-hold.ts';
import { reconcileHolds } from '../../../src/archive/holds/reconcile-holds.ts';
import { releaseHold } from '../../../src/archive/holds/release-hold.ts';
import { validateArchive } from '../../../src/archive/validate/validate-archive.ts';
import { listHolds, placeHold as recordHold } from '../../../src/registry/archive/hold.ts';
import { type ArchiveScene, archiveBucket, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';

const { signal } = new AbortController();
let scene: ArchiveScene;
before(async () => {
  scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-03', '2026-04', '2026-05'] });
  await scene.policies({});
  await scene.run();
});
after(() => scene[Symbol.asyncDispose]());

/** Keys that the bucket says are held, and those that the registry does: month and kind. */
async function held(): Promise<readonly string[]> {
  const rows = await scene.registryQuery<{ key: string; versionId: string; legalHold: boolean; name: string }>(`
    select key, version_id as "versionId", legal_hold as "legalHold",
           'part ' || substring(key from 'month=(..)') as name from registry.archive_part
    union all
    select key, version_id, legal_hold, 'manifest ' || to_char(period, 'MM') from registry.archive_manifest
    order by name`);
  await using store = scene.context.openStore('verifier');
  const names: string[] = [];
  for (const { key, versionId, legalHold, name } of rows) {
    assert.equal(await store.legalHold(key, versionId), legalHold, key);
    if (legalHold) names.push(name);
  }
  return names;
}

const place = (hold: Partial<Parameters<typeof placeHold>[1]> = {}) =>
  placeHold(scene.context, { source: 'ledger', reason: 'case 12', actor: 'cli:alice', signal, ...hold });

test('a hold is on the objects of its table and months, and on their manifests, and on nothing else', async () => {
  const { hold, objects } = await place({ table: 'public.ledger', from: '2026-03', to: '2026-04' });
  assert.deepEqual(objects, { put: 4, takenOff: 0, ended: 0, failed: 0, failures: [] });
  assert.deepEqual(await held(), ['manifest 03', 'manifest 04', 'part 03', 'part 04']);

  const wider = await place({ from: '2026-04' });
  assert.equal(wider.objects?.put, 2);
  const released = await releaseHold(scene.context, { id: hold.id, reason: 'settled', actor: 'cli:bob', signal });
  assert.deepEqual(
    [released.objects?.takenOff, released.hold.releasedBy, released.hold.releaseReason],
    [2, 'cli:bob', 'settled'],
  );
  assert.deepEqual(
    await held(),
    ['manifest 04', 'manifest 05', 'part 04', 'part 05'],
    'what another hold covers stays held',
  );
  await releaseHold(scene.context, { id: wider.hold.id, reason: 'settled', actor: 'cli:bob', signal });
  assert.deepEqual(await held(), []);
});

test('what is archived under a hold gets its hold from the job, and a hold that ends by its date is released with a record', async () => {
  const now = scene.context.now();
  const { hold } = await place({ until: new Date(now.getTime() + 3_600_000) });
  await makeLedger(scene, { months: ['2026-06'] });
  await scene.run();
  assert.ok(!(await held()).includes('part 06'));
  assert.equal((await reconcileHolds(scene.context, { signal })).put, 2);
  assert.ok((await held()).includes('part 06'));
  assert.deepEqual(await reconcileHolds(scene.context, { signal }), {
    put: 0,
    takenOff: 0,
    ended: 0,
    failed: 0,
    failures: [],
  });

  scene.setNow(new Date(now.getTime() + 3_600_000));
  const { ended, takenOff } = await reconcileHolds(scene.context, { signal });
  assert.deepEqual([ended, takenOff], [1, 8]);
  assert.deepEqual(await held(), []);
  const record = (await listHolds(scene.context.registry, {})).find(({ id }) => id === hold.id);
  assert.equal(record?.releasedBy, 'job:holds');
  const events = await scene.registryQuery<{ action: string; actor: string }>(
    `select action, actor from registry.audit_event where subject = 'hold/${hold.id}' order by id`,
  );
  assert.deepEqual(events, [
    { action: 'hold.placed', actor: 'cli:alice' },
    { action: 'hold.released', actor: 'job:holds' },
  ]);
});

test('a hold is placed though the bucket is out of reach, and put on the objects when it is back', async () => {
  const openStore = scene.context.openStore;
  const away: typeof openStore = (rights) => {
    throw new Error(`no way to the bucket for the ${rights}`);
  };
  const { hold, objects } = await placeHold(
    { ...scene.context, openStore: away },
    { source: 'ledger', from: '2026-03', to: '2026-03', reason: 'case 13', actor: 'cli:alice', signal },
  );
  assert.equal(objects, undefined);
  assert.deepEqual(await held(), []);
  assert.equal((await reconcileHolds(scene.context, { signal })).put, 2);
  assert.deepEqual(await held(), ['manifest 03', 'part 03']);
  await releaseHold(scene.context, { id: hold.id, reason: 'done', actor: 'cli:alice', signal });
});

test('a hold that is placed while another is being taken off wins', async () => {
  const { hold } = await place({ table: 'public.ledger', from: '2026-03', to: '2026-03' });
  const { openStore, registry } = scene.context;
  const narrow = { source: 'ledger', table: 'public.ledger', from: '2026-03', to: '2026-03' };
  let isPlaced = false;
  const meanwhile: typeof openStore = (rights) => {
    const store = openStore(rights);
    return Object.assign(Object.create(store) as typeof store, {
      async setLegalHold(...[key, versionId, isOn, options]: Parameters<typeof store.setLegalHold>) {
        await store.setLegalHold(key, versionId, isOn, options);
        if (!isPlaced) await recordHold(registry, { ...narrow, reason: 'case 14', until: null, actor: 'cli:carol' });
        isPlaced = true;
      },
      legalHold: store.legalHold.bind(store),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    });
  };
  await releaseHold({ ...scene.context, openStore: meanwhile }, { id: hold.id, reason: 'x', actor: 'cli:bob', signal });
  assert.deepEqual(await held(), ['manifest 03', 'part 03']);
  for (const { id } of await listHolds(registry, { now: scene.context.now() })) {
    await releaseHold(scene.context, { id, reason: 'done', actor: 'cli:bob', signal });
  }
  assert.deepEqual(await held(), []);
});

test('a hold that holds nothing is refused: no reason, months the wrong way round, an end that is over, names unknown', async () => {
  const refused = async (hold: Partial<Parameters<typeof placeHold>[1]>, code: string) =>
    assert.rejects(place(hold), { code }, JSON.stringify(hold));
  await refused({ reason: '  ' }, 'BAD_INPUT');
  await refused({ from: '2026-04', to: '2026-03' }, 'BAD_INPUT');
  await refused({ from: '2026-4' }, 'BAD_INPUT');
  await refused({ until: new Date(scene.context.now().getTime()) }, 'BAD_INPUT');
  await refused({ source: 'other' }, 'NOT_FOUND');
  await refused({ table: 'public.legder' }, 'NOT_FOUND');
  await refused({ table: 'ledger' }, 'BAD_INPUT');
  assert.deepEqual(await listHolds(scene.context.registry, { now: scene.context.now() }), []);
  await assert.rejects(releaseHold(scene.context, { id: 99, reason: 'x', actor: 'cli:alice', signal }), {
    code: 'NOT_FOUND',
  });
});

test('a legal hold that somebody took off an object is found, at a glance', async () => {
  const { hold } = await place({ from: '2026-05', to: '2026-05' });
  const [part] = await scene.registryQuery<{ key: string; versionId: string }>(
    `select key, version_id as "versionId" from registry.archive_part where key like '%month=05%'`,
  );
  assert.ok(part);
  await using store = scene.context.openStore('writer');
  await store.setLegalHold(part.key, part.versionId, false);
  const { findings } = await validateArchive(scene.context, {
    selection: {},
    level: 'head',
    trigger: 'manual',
    actor: 'test',
    signal,
  });
  assert.deepEqual(
    findings.map(({ code, subject }) => [code, subject]),
    [['HOLD_MISSING', `s3://${archiveBucket}/${part.key}`]],
  );
  await store.setLegalHold(part.key, part.versionId, true);
  await releaseHold(scene.context, { id: hold.id, reason: 'done', actor: 'cli:alice', signal });
});
