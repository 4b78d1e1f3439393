// The service's work in a process of its own: ingests whatever is NEW with one worker, then prints its time and peak memory.
import { readFileSync } from 'node:fs';
import { runWorkers } from '../../src/ingest/work/run-workers.ts';
import { openBenchContext } from './world.ts';

const { context, close } = await openBenchContext(process.env);
const started = performance.now();
await runWorkers(context, { count: 1, signal: new AbortController().signal, untilIdle: true });
const seconds = (performance.now() - started) / 1_000;
process.stdout.write(`${JSON.stringify({ seconds, peakBytes: peakBytes() })}\n`);
await close();

/** Of this process alone: getrusage's maxrss would start with that of the process that spawned us (proc(5), VmHWM). */
function peakBytes(): number {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(peak) * 1_024;
}
