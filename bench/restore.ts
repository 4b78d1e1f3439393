// A restore, digests checked before its commit, beside `psql \copy … from` of the same rows into an identical table.
import { join } from 'node:path';
import { runChild } from './archive.ts';
import type { BenchOptions } from './run.ts';
import { type ArchiveWorld, makeLedger, openArchiveWorld } from './support/archive-world.ts';
import { type Bar, median, say } from './support/bars.ts';
import { requirePsql, timeShell } from './support/psql.ts';

const rows = 1_000_000;
const mib = 1_024 * 1_024;

export async function run({ runs }: BenchOptions): Promise<readonly Bar[]> {
  requirePsql();
  await using world = await openArchiveWorld({
    tables: ['public.ledger'],
    throttle: { rowsPerSecond: null, load: null },
  });
  await makeLedger(world, { table: 'ledger', rows });
  const copy = join(world.folder, 'ledger.copy');
  timeShell(`psql -qX '${world.sourceUrl}' -c "\\copy (select * from ledger order by created_at, id) to '${copy}'"`);
  await runChild(world, { script: 'archive-child.ts' });
  const times = { restore: [] as number[], psql: [] as number[] };
  let peakBytes = 0;
  for (let round = 0; round < runs; round += 1) {
    await emptyTables(world);
    times.psql.push(timeShell(`psql -qX '${world.sourceUrl}' -c "\\copy yardstick from '${copy}'"`));
    await world.source.query('checkpoint');
    const restored = await runChild(world, { script: 'restore-child.ts', environment: { BENCH_TARGET: 'restored' } });
    await requireEqual(world);
    times.restore.push(restored.seconds);
    peakBytes = Math.max(peakBytes, restored.peakBytes);
    say(`round ${round + 1}: restore ${restored.seconds.toFixed(2)} s, psql ${times.psql.at(-1)?.toFixed(2)} s`);
  }
  const [seconds, psql] = [median(times.restore), median(times.psql)];
  const detail = `${seconds.toFixed(2)} s against ${psql.toFixed(2)} s, medians of ${runs}; ${rows} rows × 9 columns with a primary key and an index`;
  return [
    { name: 'restore', figure: seconds / psql, limit: 3, unit: 'x', detail },
    { name: 'restore-memory', figure: peakBytes / mib, limit: 400, unit: 'MiB', detail: 'peak of the whole process' },
  ];
}

/** Both empty and alike, with what an insert has to keep up. */
async function emptyTables({ source }: ArchiveWorld): Promise<void> {
  for (const name of ['yardstick', 'restored']) {
    await source.query(`drop table if exists ${name}; create table ${name} (like ledger including all)`);
  }
  await source.query('checkpoint');
}

async function requireEqual({ source }: ArchiveWorld): Promise<void> {
  const { rows: found } = await source.query<{ differ: number }>(
    'select count(*)::int as differ from (table restored except table yardstick) d',
  );
  const { rows: counted } = await source.query<{ rows: number }>('select count(*)::int as rows from restored');
  if (found[0]?.differ !== 0 || counted[0]?.rows !== rows) throw new Error('what came back is not what went out');
}
