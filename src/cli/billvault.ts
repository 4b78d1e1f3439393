#!/usr/bin/env -S node --max-semi-space-size=8
import { stopSignal } from '../stop-signal.ts';
import { runBillvault } from './program.ts';

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
