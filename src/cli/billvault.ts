#!/usr/bin/env -S node --max-semi-space-size=8
import { cacheCompiled } from '../compile-cache.ts';

// Before anything else is loaded.
cacheCompiled();
const { stopSignal } = await import('../stop-signal.ts');
const { runBillvault } = await import('./program.ts');

// `billvault file list | head` ends the reader before the writer; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runBillvault(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  folder: process.cwd(),
  signal: stopSignal(),
});
