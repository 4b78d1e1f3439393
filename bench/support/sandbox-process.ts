import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connectSandboxAdmin } from '../../src/sandbox/aws/admin/remote-admin.ts';
import type { SandboxAdmin } from '../../src/sandbox/aws/admin.ts';

export interface SandboxProcess {
  readonly endpoint: string;
  readonly admin: SandboxAdmin;
  stop(): Promise<void>;
}

/** The S3 + STS stand-in as a process of its own, so that neither its time nor its memory is taken for ours. */
export async function startSandboxProcess(folder: string, region: string): Promise<SandboxProcess> {
  const main = join(import.meta.dirname, '..', '..', 'src', 'sandbox', 'aws', 'main.ts');
  const child = spawn(process.execPath, [main, '--folder', folder, '--region', region], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // A benchmark that fails must not leave it behind.
  process.once('exit', () => child.kill('SIGKILL'));
  const { endpoint, adminToken } = await firstLine(child);
  return {
    endpoint,
    admin: connectSandboxAdmin(endpoint, adminToken),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

async function firstLine(child: ChildProcess): Promise<{ endpoint: string; adminToken: string }> {
  if (child.stdout === null) throw new Error('no output to read');
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line);
  throw new Error('the stand-in ended before it served');
}
