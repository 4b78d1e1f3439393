import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { placeHold } from '../../src/archive/holds/place-hold.ts';
import { type SandboxAws, startSandboxAws } from '../../src/sandbox/aws/server.ts';
import { archiveBucket, makeLedger, openArchiveScene } from '../support/archive-scene.ts';

/** Debian's packages awscli and python3-boto3: clients that this project did not write, and not the SDK of our own code. */
const aws = process.env['BILLVAULT_TEST_AWS_CLI'] ?? '/usr/bin/aws';
const python = process.env['BILLVAULT_TEST_PYTHON'] ?? '/usr/bin/python3';
const boto3Story = fileURLToPath(new URL('./boto3-story.py', import.meta.url));
const boto3Archive = fileURLToPath(new URL('./boto3-archive.py', import.meta.url));
const timeoutMs = 120_000;
const run = promisify(execFile);

const reason = await whyNot();
if (reason === undefined) describe('real clients', realClients);
else test('real clients', { skip: reason });

async function whyNot(): Promise<string | undefined> {
  if (process.env['BILLVAULT_TEST_REAL_CLIENTS'] !== '1') return 'set BILLVAULT_TEST_REAL_CLIENTS=1 to run them';
  if (!existsSync(aws)) return `${aws} is not there: apt-get install awscli, or name another by BILLVAULT_TEST_AWS_CLI`;
  return run(python, ['-c', 'import boto3'], { timeout: timeoutMs }).then(
    () => undefined,
    () => `${python} has no boto3: apt-get install python3-boto3, or name another by BILLVAULT_TEST_PYTHON`,
  );
}

function realClients(): void {
  let sandbox: SandboxAws;
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let roleArn: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'real-clients-'));
    sandbox = await startSandboxAws();
    const policy = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
    const user = await sandbox.admin.createUser({ accountId: '111122223333', name: 'owner', policy });
    const condition = { StringEquals: { 'sts:ExternalId': 'the-external-id' } };
    const trustPolicy = {
      Statement: [{ Effect: 'Allow', Principal: { AWS: user.arn }, Action: 'sts:AssumeRole', Condition: condition }],
    };
    ({ arn: roleArn } = await sandbox.admin.putRole({
      accountId: '444455556666',
      name: 'reader',
      trustPolicy,
      policy,
    }));
    env = {
      PATH: process.env['PATH'],
      HOME: folder,
      AWS_ACCESS_KEY_ID: user.accessKeyId,
      AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
    };
  });
  after(async () => {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  const cli = async (...args: readonly string[]) =>
    (await run(aws, ['--endpoint-url', sandbox.endpoint, ...args], { env, timeout: timeoutMs })).stdout;

  test('aws cli: makes a bucket, copies a multipart-sized file there and back, lists, syncs, removes', async () => {
    const large = Buffer.alloc(20 * 1024 * 1024, 'billvault ');
    await writeFile(join(folder, 'large.bin'), large);
    await writeFile(join(folder, 'small +ä%.txt'), 'small');
    await cli('s3', 'mb', 's3://cli-bucket');
    await cli('s3', 'cp', join(folder, 'large.bin'), 's3://cli-bucket/dir/large.bin');
    await cli('s3', 'cp', join(folder, 'small +ä%.txt'), 's3://cli-bucket/dir/small +ä%.txt');
    const listed = await cli('s3', 'ls', '--recursive', 's3://cli-bucket/');
    assert.match(listed, /20971520 dir\/large\.bin\n.* 5 dir\/small \+ä%\.txt\n/);
    await cli('s3', 'sync', 's3://cli-bucket/dir/', join(folder, 'down'));
    assert.ok(large.equals(await readFile(join(folder, 'down', 'large.bin'))));
    assert.equal(await readFile(join(folder, 'down', 'small +ä%.txt'), 'utf8'), 'small');
    const head = JSON.parse(await cli('s3api', 'head-object', '--bucket', 'cli-bucket', '--key', 'dir/large.bin'));
    assert.match(head.ETag, /-3"$/);
    await cli('s3', 'rb', '--force', 's3://cli-bucket');
  });

  test('aws cli: assumes a role with the external ID, and is refused without it', async () => {
    const assume = (...more: readonly string[]) =>
      cli('sts', 'assume-role', '--role-arn', roleArn, '--role-session-name', 'cli', ...more);
    const { Credentials } = JSON.parse(await assume('--external-id', 'the-external-id'));
    assert.match(Credentials.AccessKeyId, /^ASIA/);
    await assert.rejects(assume(), /AccessDenied/);
    await assert.rejects(assume('--external-id', 'another'), /AccessDenied/);
  });

  test('boto3: every step of its story goes as on AWS', async () => {
    const { stdout } = await run(python, [boto3Story, sandbox.endpoint, roleArn], { env, timeout: timeoutMs });
    assert.match(stdout, /the story ends well/);
  });

  test('boto3: parts and manifests are stored as we say, and stay so', async () => {
    await using scene = await openArchiveScene();
    await makeLedger(scene, { months: ['2026-05', '2026-06'] });
    await scene.policies({});
    assert.equal((await scene.run()).counts.verified, 2);
    const { signal } = new AbortController();
    const hold = { source: 'ledger', from: '2026-06', to: '2026-06', reason: 'case 12', actor: 'test', signal };
    assert.equal((await placeHold(scene.context, hold)).objects?.failed, 0);
    const stored = await scene.registryQuery(`
      select key, version_id as "versionId", size_bytes::int as "sizeBytes", sha256, lock_mode as "lockMode",
             retain_until as "retainUntil", legal_hold as "legalHold", rows::int as rows,
             jsonb_build_object('billvault-digest', digest, 'billvault-rows', rows::text) as metadata
        from registry.archive_part
      union all
      select key, version_id, length(body), sha256, lock_mode, retain_until, legal_hold, null,
             jsonb_build_object('billvault-source', 'ledger', 'billvault-sequence', sequence::text)
        from registry.archive_manifest`);
    assert.deepEqual(stored.map(({ legalHold }) => legalHold).sort(), [false, false, true, true]);
    const { accessKeyId, secretAccessKey } = scene.user;
    const child = run(python, [boto3Archive, scene.aws.endpoint, archiveBucket], {
      env: { ...env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      timeout: timeoutMs,
    });
    child.child.stdin?.end(JSON.stringify(stored));
    assert.match((await child).stdout, /as archived/);
  });
}
