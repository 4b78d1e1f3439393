import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
  type StorageClass,
} from '@aws-sdk/client-s3';
import { expiryDays, longestLockDays, manifestExpiryDays } from '../../../src/archive/bucket/lock-days.ts';
import { manifestKey, partKey } from '../../../src/archive/export/object-key.ts';
import { monthOf, previousMonth, retainUntil } from '../../../src/archive/month.ts';
import { charges, destination, events, startAppliedBucket } from './archive-bucket.ts';

const Bucket = destination.bucket;
const daySeconds = 86_400;
const dayMs = daySeconds * 1_000;

interface Stored {
  readonly key: string;
  readonly retainUntil: Date;
}

async function put(s3: S3Client, stored: Stored, StorageClass: StorageClass): Promise<void> {
  const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: stored.retainUntil } as const;
  // Above 128 KB, or lifecycle would leave it where it is.
  const Body = Buffer.alloc(130 * 1_024);
  await s3.send(
    new PutObjectCommand({ Bucket, Key: stored.key, Body, StorageClass, ChecksumAlgorithm: 'CRC32', ...lock }),
  );
}

async function listed(s3: S3Client) {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  return { versions: Versions, markers: DeleteMarkers, uploads: Uploads };
}

test('ten years of lifecycle: nothing locked is lost or hidden, everything goes after, manifests never leave STANDARD', async () => {
  await using world = await startAppliedBucket();
  const { admin } = world.sandbox;
  const s3 = world.s3();
  const startMs = Date.now();
  const month = previousMonth(monthOf(new Date(startMs)));
  const { prefix } = destination;
  const part = (table: typeof charges, sha256: string): Stored => ({
    key: partKey({ prefix, ...table, month, ordinal: 1, sha256 }),
    retainUntil: retainUntil(month, table.retentionYears),
  });
  const parts = [part(charges, 'a'.repeat(64)), part(events, 'b'.repeat(64))];
  const manifest: Stored = {
    key: manifestKey({ prefix, layout: 'hive', source: 'ledger', month, sequence: 1, isFirst: true }),
    retainUntil: retainUntil(month, charges.retentionYears),
  };
  for (const stored of parts) await put(s3, stored, 'INTELLIGENT_TIERING');
  await put(s3, manifest, 'STANDARD');
  await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: part(events, 'c'.repeat(64)).key }));

  let day = 0;
  const advanceTo = async (target: number) => {
    await admin.advanceClock((target - day) * daySeconds);
    day = target;
    await admin.runLifecycle();
  };
  const classOf = async (stored: Stored) =>
    (await listed(s3)).versions.find(({ Key }) => Key === stored.key)?.StorageClass;
  const [ten, seven] = parts;
  assert.ok(ten && seven);

  await advanceTo(6);
  assert.equal((await listed(s3)).uploads.length, 1);
  await advanceTo(9);
  assert.equal((await listed(s3)).uploads.length, 0);
  await advanceTo(89);
  assert.equal(await classOf(ten), 'INTELLIGENT_TIERING');
  await advanceTo(92);
  assert.equal(await classOf(ten), 'GLACIER_IR');
  await advanceTo(367);
  assert.equal(await classOf(ten), 'DEEP_ARCHIVE');
  assert.equal(await classOf(manifest), 'STANDARD');

  const lockDay = (stored: Stored) => Math.floor((stored.retainUntil.getTime() - startMs) / dayMs);
  const present = async (stored: Stored) => {
    const { versions, markers } = await listed(s3);
    return {
      isLatest: versions.some(({ Key, IsLatest }) => Key === stored.key && IsLatest === true),
      isKept: versions.some(({ Key }) => Key === stored.key),
      isMarked: markers.some(({ Key }) => Key === stored.key),
    };
  };
  const here = { isLatest: true, isKept: true, isMarked: false };
  const gone = { isLatest: false, isKept: false, isMarked: false };
  const hidden = { isLatest: false, isKept: true, isMarked: true };
  /** Hidden, then a week as a noncurrent version, then its marker alone. */
  const livesUntil = async (stored: Stored, expiresAfterDays: number) => {
    await advanceTo(Math.max(day, lockDay(stored) - 1));
    assert.deepEqual(await present(stored), here, `${stored.key} before its lock ends`);
    await advanceTo(Math.max(day, lockDay(stored)));
    assert.deepEqual(await present(stored), here, `${stored.key} on the day on which its lock ends`);
    await advanceTo(expiresAfterDays + 1);
    assert.deepEqual(await present(stored), hidden, `${stored.key} after its lock`);
    await advanceTo(expiresAfterDays + 9);
    await admin.runLifecycle();
    assert.deepEqual(await present(stored), gone, `${stored.key} a week later`);
  };
  await livesUntil(seven, expiryDays(longestLockDays(events)));
  await livesUntil(ten, expiryDays(longestLockDays(charges)));
  assert.deepEqual(await present(manifest), here);
  assert.equal(await classOf(manifest), 'STANDARD');
  await livesUntil(manifest, manifestExpiryDays(longestLockDays(charges)));
  assert.deepEqual(await listed(s3), { versions: [], markers: [], uploads: [] });
});

test('what was hidden by hand stays, locked, until its lock ends; then version and marker go', async () => {
  await using world = await startAppliedBucket([{ ...events, retentionYears: 1 }]);
  const { admin } = world.sandbox;
  const s3 = world.s3();
  const stored: Stored = {
    key: 'archive/ledger/public.events/year=2026/month=01/part-0001-aa.parquet',
    retainUntil: new Date(Date.now() + 300 * dayMs),
  };
  await put(s3, stored, 'INTELLIGENT_TIERING');
  await s3.send(new DeleteObjectCommand({ Bucket, Key: stored.key }));
  await admin.advanceClock(299 * daySeconds);
  await admin.runLifecycle();
  assert.deepEqual(
    (await listed(s3)).versions.map(({ Key }) => Key),
    [stored.key],
  );
  await admin.advanceClock(3 * daySeconds);
  await admin.runLifecycle();
  await admin.runLifecycle();
  const left = await listed(s3);
  assert.deepEqual([left.versions, left.markers], [[], []]);
});
