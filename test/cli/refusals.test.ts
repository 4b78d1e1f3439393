import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { errorCodes } from '../../src/errors.ts';
import { exitCodeOf } from '../../src/exit-code.ts';
import { bucket, type CliWorld, openCliWorld, roleArn, runWith } from './world.ts';

describe('wrong usage ends with the code that says whose fault it is, and one line that says what to do', () => {
  let world: CliWorld;
  before(async () => {
    world = await openCliWorld();
    await world.run('client', 'add', 'acme');
  });
  after(() => world[Symbol.asyncDispose]());

  const cases: readonly (readonly [args: readonly string[], code: number, stderr: RegExp])[] = [
    [['nonsense'], 2, /^error BAD_INPUT: unknown command 'nonsense'/],
    [['client', 'add'], 2, /^error BAD_INPUT: missing required argument 'name'/],
    [['client', 'list', '--wat'], 2, /^error BAD_INPUT: unknown option '--wat'/],
    [['client', 'add', "x'; drop table registry.client; --"], 2, /^error BAD_INPUT: client name "x'; drop/],
    [['client', 'add', 'acme'], 4, /^error CONFLICT: client acme exists already/],
    [['client', 'offboard', 'nobody', '--yes'], 3, /^error NOT_FOUND: there is no client "nobody"/],
    [['role', 'add', 'nobody', roleArn], 3, /^error NOT_FOUND/],
    [['role', 'add', 'acme', 'arn:aws:iam::1:role/x'], 2, /^error BAD_INPUT: .* is not the ARN of an IAM role/],
    [['role', 'add', 'acme', roleArn, '--region', 'cn-north-1'], 2, /^error BAD_INPUT: region cn-north-1/],
    [['role', 'show', 'acme', '77'], 3, /^error NOT_FOUND: client acme has no role 77/],
    [['preflight', 'acme'], 2, /required option '--bucket/],
    [['preflight', 'acme', '--bucket', bucket], 3, /^error NOT_FOUND: client acme has no role yet/],
    [['discover', 'acme', '--bucket', 's3://x/*'], 2, /^error BAD_INPUT: bucket "s3:\/\/x\/\*" is no bucket name/],
    [['discover', 'acme', '--bucket', bucket, '--from', 'january'], 2, /^error BAD_INPUT: from "january"/],
    [['export', 'show', 'bills'], 2, /Give CLIENT\/EXPORT/],
    [['export', 'show', 'acme/bills'], 3, /^error NOT_FOUND: there is no export acme\/bills/],
    [['run', 'acme/bills'], 3, /^error NOT_FOUND: there is no export acme\/bills/],
    [['file', 'show', '-1'], 2, /^error BAD_INPUT/],
    [['file', 'show', '99'], 3, /^error NOT_FOUND: there is no file 99/],
    [['file', 'list', '--status', 'BROKEN'], 2, /Give one of NEW, INGESTED, FAILED/],
    [['file', 'reprocess'], 2, /give the number of a file, or a filter/],
    [['file', 'reprocess', '1', '--client', 'acme'], 2, /one of the two/],
    [['delivery', 'publish', '99'], 3, /^error NOT_FOUND: there is no delivery 99/],
    [['deliveries', '--period', '2024-13'], 2, /Give a month/],
  ];
  for (const [args, code, stderr] of cases) {
    test(`billvault ${args.join(' ')} → ${code}`, async () => {
      const outcome = await world.run(...args);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, stderr);
      assert.equal(outcome.stdout, '');
    });
  }

  test('a bucket that denies us ends with 5', async () => {
    await world.run('role', 'add', 'acme', roleArn);
    const outcome = await world.run('discover', 'acme', '--bucket', bucket);
    assert.equal(outcome.code, 5);
    assert.match(outcome.stderr, /^error ASSUME_ROLE_DENIED: /);
  });

  test('a wrong or unknown setting is refused by name, and an unreachable database may pass', async () => {
    const { folder } = world;
    const unknown = await runWith(['health'], { environment: { BILLVAULT_WORKER: '1' }, folder });
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /^error BAD_CONFIG: BILLVAULT_WORKER is not a setting/);
    const url = { BILLVAULT_DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/x' };
    const unreachable = await runWith(['health'], { environment: url, folder });
    assert.equal(unreachable.code, 7, unreachable.stderr);
    assert.match(unreachable.stderr, /^error DATABASE_UNAVAILABLE/);
  });
});

test('every error code has an exit code, and none is taken for success', () => {
  const codes = new Set(errorCodes.map(exitCodeOf));
  assert.deepEqual([...codes].toSorted(), [1, 2, 3, 4, 5, 6, 7]);
});

test('help shows a newcomer the way, and every command an example of itself', async () => {
  const at = { environment: {}, folder: '/' };
  const help = await runWith(['--help'], at);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /First steps:\n {2}\$ billvault client add acme/);
  const groups = {
    client: ['add', 'list', 'offboard'],
    role: ['add', 'list', 'show'],
    export: ['list', 'show', 'set'],
  };
  const singles = ['preflight', 'discover', 'run', 'status', 'runs', 'deliveries', 'warnings', 'worker', 'health'];
  const files = ['list', 'show', 'reprocess', 'verify'].map((name) => ['file', name]);
  const grouped = Object.entries(groups).flatMap(([group, names]) => names.map((name) => [group, name]));
  for (const command of [...singles.map((name) => [name]), ...grouped, ...files, ['delivery', 'publish']]) {
    const { code, stdout } = await runWith([...command, '--help'], at);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`Examples?:\\n {2}\\$ billvault ${command.join(' ')}`));
  }
});
