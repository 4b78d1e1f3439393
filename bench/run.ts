// npm run bench -- NAME [--runs N] [--record]: one benchmark, beside what a user would run instead. Ends with a line a bar,
// `bar NAME FIGURE LIMIT ok|short`, and with status 1 when one is short. --record adds the figures to RESULTS.md.
import { parseArgs } from 'node:util';
import { type Bar, printBars } from './support/bars.ts';
import { recordResults } from './support/results.ts';

export interface BenchOptions {
  readonly runs: number;
}

const benchmarks: Readonly<Record<string, () => Promise<{ run(options: BenchOptions): Promise<readonly Bar[]> }>>> = {
  ingest: () => import('./ingest.ts'),
  discover: () => import('./discover.ts'),
  archive: () => import('./archive.ts'),
  impact: () => import('./impact.ts'),
  restore: () => import('./restore.ts'),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '5' }, record: { type: 'boolean', default: false } },
});
const [name = ''] = positionals;
const load = benchmarks[name];
if (load === undefined) {
  process.stderr.write(`which benchmark? one of: ${Object.keys(benchmarks).join(', ')}\n`);
  process.exit(2);
}
const benchmark = await load();
const bars = await benchmark.run({ runs: Number(values.runs) });
if (values.record) recordResults(name, bars);
printBars(bars);
process.exit(bars.every(({ figure, limit }) => figure <= limit) ? 0 : 1);
