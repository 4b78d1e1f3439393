import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type CliWorld, openCliWorld } from './world.ts';

const source = join(import.meta.dirname, '..', '..', 'src');
const deadlineMillis = 20_000;

let world: CliWorld;
before(async () => {
  world = await openCliWorld();
});
after(() => world[Symbol.asyncDispose]());

interface Started {
  readonly child: ChildProcess;
  /** Resolves with what the pattern found in standard error. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  ended(): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

function start(
  file: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Started {
  const env = { PATH: process.env['PATH'] ?? '', ...world.environment, ...environment };
  const child = spawn(process.execPath, [join(source, file), ...args], { cwd: world.folder, env });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  const closed = once(child, 'close', { signal: AbortSignal.timeout(deadlineMillis) });
  closed.catch(() => child.kill('SIGKILL'));
  return {
    child,
    async said(pattern) {
      for (;;) {
        const found = pattern.exec(texts.stderr);
        if (found !== null) return found;
        await Promise.race([once(child.stderr, 'data'), closed.then(() => assert.fail(`ended: ${texts.stderr}`))]);
      }
    },
    async ended() {
      const [code] = (await closed) as [number | null];
      return { code, ...texts };
    },
  };
}

test('the service says where its API listens, answers, and ends with 0 on SIGTERM', async () => {
  const service = start('main.ts');
  const [, url] = await service.said(/"msg":"the API listens on (http:[^"]+)"/);
  await service.said(/workers started/);
  const answer = await fetch(`${url}/health`);
  assert.equal(answer.status, 200);
  service.child.kill('SIGTERM');
  const { code, stdout } = await service.ended();
  assert.equal(code, 0);
  assert.equal(stdout, '', 'standard output is for results');
});

test('a worker loads beside the service, without an API of its own, until it is stopped', async () => {
  const worker = start('cli/billvault.ts', ['worker']);
  await worker.said(/workers started/);
  worker.child.kill('SIGINT');
  const { code, stderr } = await worker.ended();
  assert.equal(code, 0);
  assert.doesNotMatch(stderr, /listens/);
});

test('a start that fails says why in one line', async () => {
  const unknown = await start('main.ts', [], { BILLVAULT_PROT: '1' }).ended();
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /^error BAD_CONFIG: BILLVAULT_PROT is not a setting.*\n$/);

  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = String(typeof address === 'object' ? address?.port : 0);
  const busy = await start('main.ts', [], { BILLVAULT_API_PORT: port }).ended();
  taken.close();
  assert.equal(busy.code, 2);
  assert.match(busy.stderr, new RegExp(`error BAD_CONFIG: the API cannot listen on 127.0.0.1:${port}`));

  const nobody = await start('cli/billvault.ts', ['worker'], { BILLVAULT_WORKERS: '0' }).ended();
  assert.equal(nobody.code, 2);
});

test('the program itself gives its exit code to the shell, and results to standard output alone', async () => {
  const listed = await start('cli/billvault.ts', ['client', 'list', '--json']).ended();
  assert.deepEqual([listed.code, JSON.parse(listed.stdout), listed.stderr], [0, [], '']);
  const missing = await start('cli/billvault.ts', ['file', 'show', '7']).ended();
  assert.deepEqual([missing.code, missing.stdout], [3, '']);
  assert.equal(missing.stderr, 'error NOT_FOUND: there is no file 7\n');
});
