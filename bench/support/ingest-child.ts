// The service's work in a process of its own: ingests whatever is NEW with one worker, then prints its time and peak memory.
import { runWorkers } from '../../src/ingest/work/run-workers.ts';
import { peakBytes } from './peak-bytes.ts';
import { openBenchContext } from './world.ts';

const { context, close } = await openBenchContext(process.env);
const started = performance.now();
await runWorkers(context, { count: 1, signal: new AbortController().signal, untilIdle: true });
const seconds = (performance.now() - started) / 1_000;
process.stdout.write(`${JSON.stringify({ seconds, peakBytes: peakBytes() })}\n`);
await close();
