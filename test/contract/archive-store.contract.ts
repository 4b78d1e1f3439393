import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { storeObject } from '../../src/archive/upload/store-part.ts';
import { type AwsAccess, createAwsAccess } from '../../src/aws/access.ts';
import type {
  ArchiveStore,
  ExtendLockOptions,
  PutRequest,
  StoredVersion,
  WantedEncryption,
} from '../../src/aws/archive-store.ts';
import { byteSource } from '../../src/aws/byte-source.ts';
import { inDays, putRequest } from '../support/put-request.ts';
import type { Capabilities } from './capabilities.ts';
import type { Subject } from './subject.ts';

const mebibyte = 1024 * 1024;

/** What the archive relies on, asked of any server with Object Lock, through the store that the archive uses. */
export function archiveStoreContract(start: () => Promise<Subject>): void {
  describe('the archive store', () => {
    const bucket = `archive-${randomUUID().slice(0, 8)}`;
    let subject: Subject;
    let s3: S3Client;
    let access: AwsAccess;
    let store: ArchiveStore;
    let encryption: WantedEncryption;

    before(async () => {
      subject = await start();
      const { endpoint, region, credentials, capabilities, kmsKeyId } = subject;
      const { accessKeyId, secretAccessKey } = credentials;
      s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
      await s3.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
      access = createAwsAccess({ s3Endpoint: endpoint, baseCredentials: { accessKeyId, secretAccessKey } });
      store = access.openArchiveStore({ bucket, region, name: 'contract' });
      encryption = capabilities.ownKeyEncryption ? { algorithm: 'AES256' } : { algorithm: 'aws:kms', keyId: kmsKeyId };
    });
    after(async () => {
      await store?.[Symbol.asyncDispose]();
      access?.close();
      s3?.destroy();
    });

    const request = (key: string, bytes: Parameters<typeof putRequest>[1], more: Partial<PutRequest> = {}) =>
      putRequest(key, bytes, { encryption, ...more });
    const read = async (key: string, versionId: string): Promise<string> => {
      const { body } = await store.readerOf(versionId).get(key);
      const pieces: Uint8Array[] = [];
      for await (const piece of body) pieces.push(piece);
      return Buffer.concat(pieces).toString();
    };
    const listed = async (prefix: string): Promise<readonly StoredVersion[]> => {
      const versions: StoredVersion[] = [];
      for await (const version of store.listVersions({ prefix })) versions.push(version);
      return versions;
    };
    /** Behind the store's back, as somebody with other tools would. */
    const overwrite = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
    const testIf = (capability: keyof Capabilities, name: string, run: () => Promise<void>) =>
      test(name, async (context) => {
        if (subject.capabilities[capability]) await run();
        else context.skip(`${subject.name} lacks: ${capability}`);
      });

    test('what is put comes back with its bytes, metadata, lock and encryption', async () => {
      const wanted = request('ledger/ä +%.parquet', 'rows', { metadata: { table: 'public.ledger' } });
      const { outcome, versionId } = await store.put(wanted);
      assert.equal(outcome, 'stored');
      const head = await store.head(wanted.key, versionId);
      assert.equal(head.sizeBytes, 4);
      assert.deepEqual(head.metadata, { table: 'public.ledger', sha256: wanted.sha256 });
      assert.equal(head.sha256, wanted.sha256);
      assert.equal(head.encryption?.algorithm, encryption.algorithm);
      assert.equal(head.storageClass, 'STANDARD');
      assert.equal(head.isCold, false);
      assert.deepEqual(head.lock, wanted.lock);
      assert.deepEqual(await store.lock(wanted.key, versionId), wanted.lock);
      assert.equal(await read(wanted.key, versionId), 'rows');
    });

    test('an empty object can be stored', async () => {
      const { versionId } = await storeObject(store, request('empty', []));
      assert.equal((await store.head('empty', versionId)).sizeBytes, 0);
    });

    test('40 MiB in parts are whole, and locked also where the server ignored the lock of an upload in parts', async () => {
      const chunks = [7, 3, 30].map((size) => randomBytes(size * mebibyte));
      const wanted = request('parts', chunks);
      const stored = await storeObject(store, wanted);
      assert.equal(stored.adopted, false);
      assert.deepEqual(await store.lock('parts', stored.versionId), wanted.lock);
      const { etag, sizeBytes } = await store.head('parts', stored.versionId);
      const source = byteSource(store.readerOf(stored.versionId), { key: 'parts', etag, sizeBytes });
      assert.deepEqual(await source.finish(), { sha256: wanted.sha256, bytes: 40 * mebibyte });
    });

    test('the same bytes again are adopted, other bytes under the same key are refused', async () => {
      for (const size of [1_000, 17 * mebibyte]) {
        const key = `again/${size}`;
        const wanted = request(key, randomBytes(size));
        const first = await storeObject(store, wanted);
        assert.deepEqual(await storeObject(store, wanted), { ...first, adopted: true });
        const other = request(key, randomBytes(size));
        await assert.rejects(storeObject(store, other), (error: { code: string; message: string }) => {
          assert.equal(error.code, 'OBJECT_EXISTS');
          for (const part of [key, wanted.sha256, other.sha256]) assert.ok(error.message.includes(part), error.message);
          return true;
        });
        assert.equal((await listed(key)).length, 1);
      }
    });

    test('what claims to be ours by its metadata and is not is refused', async () => {
      const wanted = request('forged', 'mine');
      const Metadata = { sha256: wanted.sha256 };
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'forged', Body: 'thin', Metadata }));
      const found = createHash('sha256').update('thin').digest('hex');
      await assert.rejects(storeObject(store, wanted), { code: 'OBJECT_EXISTS', message: new RegExp(found) });
    });

    testIf('conditionalVersion', 'of many writers of one key exactly one stores', async () => {
      const puts = Array.from({ length: 8 }, (_, i) => store.put(request('race', `writer ${i}`)));
      const outcomes = (await Promise.all(puts)).map(({ outcome }) => outcome);
      assert.equal(outcomes.filter((outcome) => outcome === 'stored').length, 1);
      assert.equal((await listed('race')).length, 1);
    });

    test('a lock is made longer, never shorter or weaker, and its mode is changed only when GOVERNANCE may be bypassed', async () => {
      for (const [key, mode] of [
        ['governed', 'GOVERNANCE'],
        ['complied', 'COMPLIANCE'],
      ] as const) {
        const first = { mode, retainUntil: inDays(2) };
        const { versionId } = await store.put(request(key, 'x', { lock: first }));
        const extend = (wanted: 'GOVERNANCE' | 'COMPLIANCE', days: number, options: ExtendLockOptions = {}) =>
          store.extendLock(key, versionId, { mode: wanted, retainUntil: inDays(days) }, options);
        assert.deepEqual(await extend(mode, 1), first);
        assert.deepEqual(await extend('GOVERNANCE', 1), first);
        const longer = await extend('GOVERNANCE', 3);
        assert.equal(longer.mode, mode);
        assert.ok(longer.retainUntil > first.retainUntil);
        assert.deepEqual(await store.lock(key, versionId), longer);
        if (mode === 'GOVERNANCE') await assert.rejects(extend('COMPLIANCE', 4), { code: 'ACCESS_DENIED' });
        assert.deepEqual(await store.lock(key, versionId), longer);
        // Who may bypass GOVERNANCE, and says so, makes COMPLIANCE of it, and nothing shorter.
        const bypass = { bypassesGovernance: true };
        assert.deepEqual(await extend(mode, 1, bypass), longer);
        const strict = await extend('COMPLIANCE', 1, bypass);
        assert.deepEqual(strict, { ...longer, mode: 'COMPLIANCE' });
        assert.deepEqual(await store.lock(key, versionId), strict);
      }
    });

    test('what was never locked or held says so', async () => {
      const { VersionId = '' } = await overwrite('bare', 'x');
      assert.equal(await store.lock('bare', VersionId), undefined);
      assert.equal(await store.legalHold('bare', VersionId), false);
      const lock = { mode: 'GOVERNANCE', retainUntil: inDays(1) } as const;
      assert.deepEqual(await store.extendLock('bare', VersionId, lock), lock);
      assert.deepEqual(await store.lock('bare', VersionId), lock);
    });

    test('a legal hold is put on and taken off one version, and leaves the lock alone', async () => {
      const { versionId } = await store.put(request('held', 'x'));
      const lock = await store.lock('held', versionId);
      await overwrite('held', 'y');
      await store.setLegalHold('held', versionId, true);
      assert.equal(await store.legalHold('held', versionId), true);
      assert.equal((await store.head('held', versionId)).legalHold, true);
      assert.deepEqual(await store.lock('held', versionId), lock);
      const [latest] = await listed('held');
      assert.equal(await store.legalHold('held', latest?.versionId ?? ''), false);
      await store.setLegalHold('held', versionId, false);
      assert.equal(await store.legalHold('held', versionId), false);
    });

    test('reading a version never reads what was put over it, or the marker that hides it', async () => {
      const { versionId } = await store.put(request('kept', 'archived'));
      const { VersionId: over = '' } = await overwrite('kept', 'put over it');
      assert.equal(await read('kept', versionId), 'archived');
      const { VersionId: marker = '' } = await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'kept' }));
      assert.equal(await read('kept', versionId), 'archived');
      assert.equal((await store.head('kept', versionId)).sizeBytes, 8);
      await assert.rejects(store.head('kept', marker), { code: 'FILE_MISSING' });
      await assert.rejects(store.readerOf(marker).get('kept'), { code: 'FILE_MISSING' });
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'kept', VersionId: over }));
      await assert.rejects(store.head('kept', over), { code: 'FILE_MISSING' });
      await assert.rejects(store.readerOf(over).get('kept'), { code: 'FILE_MISSING' });
      await assert.rejects(store.lock('kept', over), { code: 'FILE_MISSING' });
      assert.equal(await read('kept', versionId), 'archived');
    });

    test('versions are listed with the markers among them, newest first, over pages', async () => {
      const first = await store.put(request('list/a b+ä', 'one'));
      const { VersionId: second } = await overwrite('list/a b+ä', 'second');
      const { VersionId: marker } = await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'list/a b+ä' }));
      assert.deepEqual(
        (await listed('list/')).map((version) => ({
          key: version.key,
          versionId: version.versionId,
          isLatest: version.isLatest,
          size: version.isDeleteMarker ? 'marker' : version.sizeBytes,
        })),
        [
          { key: 'list/a b+ä', versionId: marker, isLatest: true, size: 'marker' },
          { key: 'list/a b+ä', versionId: second, isLatest: false, size: 6 },
          { key: 'list/a b+ä', versionId: first.versionId, isLatest: false, size: 3 },
        ],
      );
      const count = 1_050;
      const waiting = Array.from({ length: count }, (_, i) => `many/${String(i).padStart(5, '0')}`);
      const keys = [...waiting];
      const work = async () => {
        for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) await overwrite(key, 'x');
      };
      await Promise.all(Array.from({ length: 16 }, work));
      assert.deepEqual(
        (await listed('many/')).map(({ key }) => key),
        keys,
      );
    });

    test('a bucket without Object Lock is refused, versioned or not', async () => {
      const unfit = `${bucket}-unfit`;
      await s3.send(new CreateBucketCommand({ Bucket: unfit }));
      await using other = access.openArchiveStore({ bucket: unfit, region: subject.region, name: 'contract' });
      await assert.rejects(other.put(request('x', 'x')), { code: 'BUCKET_UNFIT' });
      await s3.send(new PutObjectCommand({ Bucket: unfit, Key: 'there', Body: 'x' }));
      await assert.rejects(other.put(request('there', 'x')), { code: 'BUCKET_UNFIT' });
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await s3.send(new PutBucketVersioningCommand({ Bucket: unfit, VersioningConfiguration }));
      await assert.rejects(other.put(request('x', 'x')), { code: 'BUCKET_UNFIT' });
      await using missing = access.openArchiveStore({
        bucket: `${bucket}-no`,
        region: subject.region,
        name: 'contract',
      });
      await assert.rejects(missing.put(request('x', 'x')), { code: 'BUCKET_NOT_FOUND' });
      await assert.rejects(missing.head('x', 'no-version'), { code: 'BUCKET_NOT_FOUND' });
    });

    testIf('restore', 'an object in a cold class is not read before it was restored', async () => {
      const { versionId } = await store.put(request('cold', 'ice', { storageClass: 'DEEP_ARCHIVE' }));
      assert.equal((await store.head('cold', versionId)).isCold, true);
      await assert.rejects(read('cold', versionId), { code: 'FILE_COLD' });
      const restore = () => store.requestRestore('cold', versionId, { days: 2, tier: 'Bulk' });
      assert.equal(await restore(), 'requested');
      assert.equal(await restore(), 'ongoing');
      assert.deepEqual((await store.head('cold', versionId)).restore, { state: 'ongoing' });
      await assert.rejects(read('cold', versionId), { code: 'FILE_COLD' });
    });

    test('what is not cold is ready without a restore', async () => {
      const { versionId } = await store.put(request('warm', 'x'));
      assert.equal(await store.requestRestore('warm', versionId, { days: 1, tier: 'Standard' }), 'ready');
    });
  });
}
