import { spawnSync } from 'node:child_process';

/** @throws Error saying which package has psql, where there is none */
export function requirePsql(): void {
  if (spawnSync('psql', ['--version']).status !== 0) {
    throw new Error('the yardstick psql is not installed: it is in the package postgresql-client');
  }
}

/** Seconds of a shell command; its output is thrown away. */
export function timeShell(command: string): number {
  const started = performance.now();
  const result = spawnSync('bash', ['-c', `set -o pipefail; ${command}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(`${command}: ${result.stderr.slice(0, 500)}`);
  return (performance.now() - started) / 1_000;
}
