import { subscribe } from 'node:diagnostics_channel';

/**
 * Preloaded into a child process: ends it with SIGKILL, as the kernel or a power cut would, the nth time that it passes
 * the step named by the environment.
 */
const [wanted, nth = '1'] = (process.env['BILLVAULT_TEST_KILL_AT'] ?? '').split('@');
let left = Number(nth);

if (wanted !== '') {
  subscribe('billvault:step', (message) => {
    if ((message as { readonly name: string }).name !== wanted) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  });
}
