// A restore in a process of its own, configured as the service is: everything of the source into the table that the
// environment names, then prints its time and peak memory.
import { advanceRestore } from '../../src/archive/restore/advance-restore.ts';
import { planRestore } from '../../src/archive/restore/plan-restore.ts';
import { parseRestoreRequest } from '../../src/archive/restore/restore-request.ts';
import { startRestore } from '../../src/archive/restore/start-restore.ts';
import { readConfig } from '../../src/config.ts';
import { openResources } from '../../src/resources.ts';
import { peakBytes } from './peak-bytes.ts';

const { BENCH_TARGET: table = '', ...environment } = process.env;
const resources = await openResources(readConfig(environment));
const { archive } = resources;
if (archive === undefined) throw new Error('billvault.yaml has no archive');
const started = performance.now();
const target = { kind: 'table', schema: 'public', table };
const plan = await planRestore(archive, parseRestoreRequest({ source: 'ledger', target, again: true }));
const { id } = await startRestore(archive, { plan, actor: 'bench' });
const progress = await advanceRestore(archive, { restoreId: id, signal: new AbortController().signal });
const seconds = (performance.now() - started) / 1_000;
if (progress.kind !== 'done') throw new Error(`the restore is ${JSON.stringify(progress)}`);
process.stdout.write(`${JSON.stringify({ seconds, peakBytes: peakBytes() })}\n`);
await resources.close();
