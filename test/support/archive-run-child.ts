import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Step } from '../../src/steps.ts';
import type { ArchiveChildWork } from './archive-child.ts';
import type { ArchiveScene } from './archive-scene.ts';
import type { EndedChild } from './run-child.ts';

/** `@2` behind a step is the second time that it is passed. */
export type KillAt = Step | `${Step}@${number}`;

export interface ArchiveChildOptions extends Pick<ArchiveChildWork, 'source' | 'sourceUrl' | 'task' | 'unitId'> {
  readonly killAt?: KillAt;
}

/** A child that hangs is a failed test, not a test run that never ends. */
const childTimeoutMillis = 60_000;

/** Most of a short life is compiling; children share what the first one to end in peace compiled. */
const compileCache = mkdtempSync(join(tmpdir(), 'billvault-compile-cache-'));
process.once('exit', () => rmSync(compileCache, { recursive: true, force: true }));

const [main, preload] = ['archive-child.ts', 'kill-at.ts'].map((name) => join(import.meta.dirname, name));

/** Runs the archive as another process over the scene's registry and bucket, until it ends or is killed. */
export function runArchiveChild(
  scene: ArchiveScene,
  { killAt = undefined, ...task }: ArchiveChildOptions,
): Promise<EndedChild> {
  const { accessKeyId, secretAccessKey } = scene.user;
  const { destination, settings, now } = scene.context;
  const work: ArchiveChildWork = {
    ...task,
    registryUrl: scene.registryUrl,
    awsEndpoint: scene.aws.endpoint,
    baseCredentials: { accessKeyId, secretAccessKey },
    destination,
    settings,
    signingKeyPem: scene.signingKeyPem,
    now: now().toISOString(),
  };
  const child = spawn(process.execPath, ['--import', String(preload), String(main)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: childTimeoutMillis,
    killSignal: 'SIGKILL',
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: compileCache,
      BILLVAULT_TEST_WORK: JSON.stringify(work),
      BILLVAULT_TEST_KILL_AT: killAt ?? '',
    },
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stderr }));
  });
}
