// The archive's work in a process of its own, configured as the service is: archives whatever is due of the source, then
// prints its time and peak memory.
import { applyPolicies } from '../../src/archive/policy/apply-policies.ts';
import { runArchive } from '../../src/archive/run/run-archive.ts';
import { readConfig } from '../../src/config.ts';
import { openResources } from '../../src/resources.ts';
import { peakBytes } from './peak-bytes.ts';

const resources = await openResources(readConfig());
const { archive, config } = resources;
if (archive === undefined) throw new Error('billvault.yaml has no archive');
await applyPolicies(archive.registry, { wanted: config.archive?.policies ?? [], actor: 'bench' });
const started = performance.now();
const signal = new AbortController().signal;
const { outcomes } = await runArchive(archive, {
  source: 'ledger',
  filter: {},
  trigger: 'manual',
  actor: 'bench',
  signal,
});
const seconds = (performance.now() - started) / 1_000;
const failed = outcomes.find(({ kind }) => kind !== 'verified');
if (failed !== undefined) throw new Error(`${failed.kind}: ${failed.failure?.text}`);
process.stdout.write(`${JSON.stringify({ seconds, peakBytes: peakBytes() })}\n`);
await resources.close();
