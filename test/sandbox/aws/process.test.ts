import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AppError } from '../../../src/errors.ts';
import { connectSandboxAdmin } from '../../../src/sandbox/aws/admin/remote-admin.ts';
import { startKillable } from './killable.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-aws-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('as a process of its own it prints where it serves, obeys its token only, and keeps its folder over a restart', async () => {
  let running = await startKillable(folder);
  let { admin } = running;
  const stranger = connectSandboxAdmin(running.endpoint, 'wrong');
  await assert.rejects(stranger.requestLog(), (error) => error instanceof AppError && error.code === 'UNAUTHORIZED');
  const policy = { Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] };
  const credentials = await admin.createUser({ accountId: '111122223333', name: 'owner', policy });
  await admin.createBucket({ name: 'kept', accountId: '111122223333', versioning: true });
  const body = Buffer.alloc(3_000_000, 7);
  const written = await admin.putObject({ bucket: 'kept', key: 'by admin', body, storageClass: 'STANDARD_IA' });
  const client = (endpoint: string) =>
    new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  await client(running.endpoint).send(new PutObjectCommand({ Bucket: 'kept', Key: 'by client', Body: 'hello' }));
  assert.equal((await admin.requestLog()).counts['PutObject'], 1);
  await assert.rejects(
    admin.createBucket({ name: 'kept', accountId: '111122223333' }),
    (error) => error instanceof AppError && error.code === 'CONFLICT',
  );
  await running.end('SIGTERM');

  running = await startKillable(folder);
  try {
    admin = running.admin;
    const got = await client(running.endpoint).send(new GetObjectCommand({ Bucket: 'kept', Key: 'by client' }));
    assert.equal(await got.Body?.transformToString(), 'hello');
    const versionId = written.versionId;
    assert.deepEqual(Buffer.from(await admin.readObject({ bucket: 'kept', key: 'by admin', versionId })), body);
  } finally {
    await running.end('SIGTERM');
  }
});

test('what the admin does over HTTP one after the other goes over connections that are used again', async () => {
  const running = await startKillable(folder);
  let connections = 0;
  const count = () => {
    connections += 1;
  };
  diagnostics.subscribe('undici:client:connected', count);
  try {
    await running.admin.createBucket({ name: 'many', accountId: '111122223333' });
    for (let index = 0; index < 50; index += 1) {
      await running.admin.putObject({ bucket: 'many', key: `${index}`, body: Buffer.from('small') });
    }
    // The client opens a second one while it still reads the first answer.
    assert.ok(connections <= 2, `${connections} connections for 51 requests`);
  } finally {
    diagnostics.unsubscribe('undici:client:connected', count);
    await running.end('SIGTERM');
  }
});
