import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { connectSandboxAdmin } from '../../../src/sandbox/aws/admin/remote-admin.ts';
import type { SandboxAdmin } from '../../../src/sandbox/aws/admin.ts';

const main = new URL('../../../src/sandbox/aws/main.ts', import.meta.url).pathname;

/** The stand-in as a process of its own. */
export interface Killable {
  readonly endpoint: string;
  readonly adminToken: string;
  readonly admin: SandboxAdmin;
  /** Resolves when the process is gone; does nothing when it is. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export async function startKillable(folder: string): Promise<Killable> {
  const child = spawn(process.execPath, [main, '--folder', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [line] = await once(createInterface(child.stdout), 'line');
  const { endpoint, adminToken } = JSON.parse(line);
  return {
    endpoint,
    adminToken,
    admin: connectSandboxAdmin(endpoint, adminToken),
    end: async (signal) => {
      child.kill(signal);
      await exited;
    },
  };
}
