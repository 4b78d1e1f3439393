import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IngestSettings } from '../../src/ingest/settings.ts';
import type { Step } from '../../src/steps.ts';
import type { ChildTask, ChildWork } from './ingest-child.ts';
import type { Scene } from './scene.ts';

export interface ChildOptions {
  readonly tasks: readonly ChildTask[];
  /** The step at which it is killed; `@2` behind it is the second time that it passes there. */
  readonly killAt?: Step | `${Step}@${number}`;
  /** Over the scene's own; a lease lasts two seconds, so that a killed child's files are free again soon. */
  readonly settings?: Partial<IngestSettings>;
  /** Lets a test end it from outside. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
}

export interface EndedChild {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A child that hangs is a failed test, not a test run that never ends. */
const childTimeoutMillis = 90_000;

/** Most of a short life is compiling; children share what the first one to end in peace compiled. */
const compileCache = mkdtempSync(join(tmpdir(), 'billvault-compile-cache-'));
process.once('exit', () => rmSync(compileCache, { recursive: true, force: true }));

const [main, preload] = ['ingest-child.ts', 'kill-at.ts'].map((name) => join(import.meta.dirname, name));

/** Runs the ingest as another process over the scene's databases and buckets, until it ends or is killed. */
export function runChild(scene: Scene, options: ChildOptions): Promise<EndedChild> {
  const { accessKeyId, secretAccessKey } = scene.user;
  const work: ChildWork = {
    registryUrl: scene.databaseUrl,
    rawUrl: scene.databaseUrl,
    awsEndpoint: scene.aws.endpoint,
    baseCredentials: { accessKeyId, secretAccessKey },
    settings: { ...scene.context.settings, leaseSeconds: 2, ...options.settings },
    tasks: options.tasks,
  };
  const child = spawn(process.execPath, ['--import', String(preload), String(main)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: childTimeoutMillis,
    killSignal: 'SIGKILL',
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: compileCache,
      BILLVAULT_TEST_WORK: JSON.stringify(work),
      BILLVAULT_TEST_KILL_AT: options.killAt ?? '',
    },
  });
  options.onStart?.((signal) => void child.kill(signal));
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stderr }));
  });
}
