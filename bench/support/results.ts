import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Bar } from './bars.ts';

const file = join(import.meta.dirname, '..', 'RESULTS.md');
const heading =
  '# The last figures\n\nWritten by `npm run bench -- NAME --record`. Ratios count; seconds are of one machine on one day.\n';

/** Puts a benchmark's figures in place of its last ones. */
export function recordResults(name: string, bars: readonly Bar[]): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : heading;
  const sections = before.split(/^(?=## )/m).filter((section) => !section.startsWith(`## ${name}\n`));
  const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  const rows = bars.map(({ name: bar, figure, limit, unit, detail }) => {
    return `| ${bar} | ${figure.toFixed(2)}${unit} | ≤ ${limit}${unit} | ${figure <= limit ? 'ok' : '**short**'} | ${detail} |`;
  });
  const date = new Date().toISOString().slice(0, 10);
  const table = ['| bar | figure | limit | | how |', '|---|---|---|---|---|', ...rows].join('\n');
  sections.push(`## ${name}\n\n${date}, ${machine}\n\n${table}\n`);
  writeFileSync(file, `${sections.map((section) => section.trim()).join('\n\n')}\n`);
}
