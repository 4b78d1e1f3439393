import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateSigningKey, openKeySigner } from '../../../src/archive/manifest/key-signer.ts';
import { runArchive } from '../../../src/archive/run/run-archive.ts';
import { validateArchive } from '../../../src/archive/validate/validate-archive.ts';
import { isAppError } from '../../../src/errors.ts';
import { archiveBucket, archiveRegion, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { unitsOf } from '../../support/archive-truth.ts';

test('a chain is not gone on with by a key that does not know the one before it: nothing is exported, nothing written', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05'] });
  await scene.policies({});
  await scene.run();
  await makeLedger(scene, { months: ['2026-06'] });
  const before = await objects();

  const other = openKeySigner(generateSigningKey().privateKeyPem);
  await assert.rejects(runWith([other.publicKeyPem]), (error) => {
    assert.ok(isAppError(error, 'BAD_CONFIG'), String(error));
    assert.match(error.message, new RegExp(`signed by key ${scene.context.signer.keyId} .*${other.keyId}`));
    return true;
  });
  assert.deepEqual(await objects(), before);

  const { outcomes } = await runWith([other.publicKeyPem, scene.context.signer.publicKeyPem]);
  assert.deepEqual(
    outcomes.map(({ entry, kind }) => [entry.month, kind]),
    [['2026-06', 'verified']],
    'a key that was changed, with the old one listed',
  );

  function runWith(publicKeys: readonly string[]) {
    const context = { ...scene.context, signer: other, publicKeys };
    const { signal } = new AbortController();
    return runArchive(context, { source: 'ledger', filter: {}, trigger: 'manual', actor: 'test', signal });
  }

  async function objects(): Promise<readonly string[]> {
    await using store = scene.context.openStore('verifier');
    const keys: string[] = [];
    for await (const { key, versionId } of store.listVersions({ prefix: '' })) keys.push(`${key} ${versionId}`);
    return keys;
  }
});

test('an archive is not gone on with in another bucket or below another prefix by mistake: nothing is exported, nothing written', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05'] });
  await scene.policies({ purge: true });
  await scene.run();
  await makeLedger(scene, { months: ['2026-06'] });
  await scene.aws.admin.createBucket({
    name: 'other',
    accountId: '999988887777',
    region: 'eu-central-1',
    objectLock: true,
  });
  const { signal } = new AbortController();
  const runAt = (place: { readonly bucket?: string; readonly prefix?: string; readonly formerPrefixes?: string[] }) => {
    const { bucket = archiveBucket } = place;
    const context = {
      ...scene.context,
      destination: { ...scene.context.destination, ...place },
      openStore: (name: string) => scene.access.openArchiveStore({ bucket, region: archiveRegion, name }),
    };
    return runArchive(context, { source: 'ledger', filter: {}, trigger: 'manual', actor: 'test', signal });
  };
  const rows = () => scene.query('select from ledger').then(({ length }) => length);
  await assert.rejects(runAt({ bucket: 'other' }), {
    code: 'BAD_CONFIG',
    message: /lies at s3:\/\/[^ ]*manifest-000002\.json .*archive\.destination\.bucket is other/,
  });
  await assert.rejects(runAt({ prefix: 'slip' }), {
    code: 'BAD_CONFIG',
    message: /archive\.destination\.prefix is "slip": .*"archive" in archive\.destination\.formerPrefixes/,
  });
  assert.equal(await rows(), 50);
  const { counts } = await runAt({ prefix: 'moved', formerPrefixes: ['archive'] });
  assert.deepEqual([counts.purged, await rows()], [1, 0]);

  // What lies below the former prefix is looked after as before.
  const [first] = await unitsOf(scene);
  const [part] = first?.parts ?? [];
  assert.ok(part);
  assert.ok(part.key.startsWith('archive/'));
  await scene.aws.admin.deleteObject({ bucket: archiveBucket, key: part.key });
  const destination = { ...scene.context.destination, prefix: 'moved', formerPrefixes: ['archive'] };
  const job = { selection: {}, level: 'head', trigger: 'manual', actor: 'test', signal } as const;
  const { findings } = await validateArchive({ ...scene.context, destination }, job);
  assert.deepEqual(
    findings.map(({ code, subject }) => [code, subject]),
    [['HIDDEN', `s3://${archiveBucket}/${part.key}`]],
  );
});
