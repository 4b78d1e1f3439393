import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AppError } from '../../../src/errors.ts';
import { connectSandboxAdmin } from '../../../src/sandbox/aws/admin/remote-admin.ts';

const main = new URL('../../../src/sandbox/aws/main.ts', import.meta.url).pathname;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-aws-'));
});
after(() => rm(folder, { recursive: true, force: true }));

interface Running {
  readonly endpoint: string;
  readonly adminToken: string;
  readonly process: ChildProcess;
}

async function start(): Promise<Running> {
  const child = spawn(process.execPath, [main, '--folder', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { ...JSON.parse(line), process: child };
}

async function stop(running: Running): Promise<void> {
  running.process.kill('SIGTERM');
  await once(running.process, 'exit');
}

test('as a process of its own it prints where it serves, obeys its token only, and keeps its folder over a restart', async () => {
  let running = await start();
  let admin = connectSandboxAdmin(running.endpoint, running.adminToken);
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
  await stop(running);

  running = await start();
  try {
    admin = connectSandboxAdmin(running.endpoint, running.adminToken);
    const got = await client(running.endpoint).send(new GetObjectCommand({ Bucket: 'kept', Key: 'by client' }));
    assert.equal(await got.Body?.transformToString(), 'hello');
    const versionId = written.versionId;
    assert.deepEqual(Buffer.from(await admin.readObject({ bucket: 'kept', key: 'by admin', versionId })), body);
  } finally {
    await stop(running);
  }
});
