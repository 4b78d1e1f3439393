import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { bucketName, clientAccount, type Fixture, startFixture } from './fixture.ts';

/** Three parts, together more than the sockets between client and server hold. */
const partBytes = 8 * 1024 * 1024;
const parts = ['a', 'b', 'c'].map((letter) => Buffer.alloc(partBytes, letter));
const old = Buffer.concat(parts);
const deadlineMs = 10_000;

let folder: string;
let inFolder: Fixture;
let inMemory: Fixture;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-aws-'));
  inFolder = await startFixture({ folder });
  inMemory = await startFixture();
  for (const { sandbox } of [inFolder, inMemory]) {
    await sandbox.admin.createBucket({ name: bucketName, accountId: clientAccount });
  }
});
after(async () => {
  await inFolder[Symbol.asyncDispose]();
  await inMemory[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function putWhole(s3: S3Client, Key: string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: bucketName, Key, Body: old }));
}

async function putInParts(s3: S3Client, Key: string): Promise<void> {
  const at = { Bucket: bucketName, Key };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at));
  const uploaded = [];
  for (const [index, Body] of parts.entries()) {
    const part = { UploadId, PartNumber: index + 1 };
    const { ETag } = await s3.send(new UploadPartCommand({ ...at, ...part, Body }));
    uploaded.push({ ETag, PartNumber: part.PartNumber });
  }
  await s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: uploaded } }));
}

/** Begins a read, makes the change, and reads on. */
async function readAcross(s3: S3Client, Key: string, change: () => Promise<unknown>): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucketName, Key }));
  const pieces: Buffer[] = [];
  for await (const piece of Body as AsyncIterable<Buffer>) {
    if (pieces.length === 0) await change();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function holdsExtents(count: number): Promise<void> {
  const endsAt = Date.now() + deadlineMs;
  while ((await readdir(join(folder, 'extents'))).length !== count) {
    assert.ok(Date.now() < endsAt, `there should be ${count} extents, and no more`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

for (const [how, put] of [['at once', putWhole] as const, ['in parts', putInParts] as const]) {
  for (const where of ['memory', 'folder'] as const) {
    test(`a read of an object put ${how} ends with the old bytes though it is overwritten or deleted (${where})`, async () => {
      const fixture = where === 'folder' ? inFolder : inMemory;
      const s3 = fixture.s3(fixture.owner);
      const at = { Bucket: bucketName, Key: how };
      await put(s3, how);
      const overwritten = await readAcross(s3, how, () => s3.send(new PutObjectCommand({ ...at, Body: 'new' })));
      assert.ok(overwritten.equals(old));
      const now = await s3.send(new GetObjectCommand(at));
      assert.equal(await now.Body?.transformToString(), 'new');
      await put(s3, how);
      const deleted = await readAcross(s3, how, () => s3.send(new DeleteObjectCommand(at)));
      assert.ok(deleted.equals(old));
      if (where === 'folder') await holdsExtents(0);
    });
  }
}

test('overwritten bytes are removed when their last reader is done, and when it leaves early', async () => {
  const s3 = inFolder.s3(inFolder.owner);
  const get = new GetObjectCommand({ Bucket: bucketName, Key: 'read twice' });
  await putInParts(s3, 'read twice');
  const [first, second] = [await s3.send(get), await s3.send(get)];
  await s3.send(new PutObjectCommand({ Bucket: bucketName, Key: 'read twice', Body: 'new' }));
  (first.Body as unknown as { destroy(): void }).destroy();
  assert.ok(Buffer.from((await second.Body?.transformToByteArray()) ?? '').equals(old));
  await holdsExtents(1);
});
