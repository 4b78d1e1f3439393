// What the archive costs its source: pgbench's transactions a second while a month is archived under the default throttle,
// beside the same without, in turns.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { forgetArchive, runChild } from './archive.ts';
import type { BenchOptions } from './run.ts';
import { type ArchiveWorld, makeLedger, openArchiveWorld } from './support/archive-world.ts';
import { type Bar, median, say } from './support/bars.ts';

const rows = 3_000_000;
const scale = 20;
const clients = 4;
const warmUpSeconds = 5;
const seconds = 20;

export async function run({ runs }: BenchOptions): Promise<readonly Bar[]> {
  if (spawnSync('pgbench', ['--version']).status !== 0) {
    throw new Error(
      'the yardstick pgbench is not installed: it is in the package postgresql-contrib, or in postgresql-client-common with the client of your version',
    );
  }
  await using world = await openArchiveWorld({ tables: ['public.ledger'], throttle: undefined });
  await makeLedger(world, { table: 'ledger', rows });
  const made = spawnSync('pgbench', ['-i', '-q', '-s', String(scale), world.sourceUrl], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  await pgbench(world, warmUpSeconds);
  const without: number[] = [];
  const during: number[] = [];
  for (let round = 0; round < runs; round += 1) {
    without.push(await pgbench(world, seconds));
    during.push(await pgbenchDuring(world, round));
    say(`round ${round + 1}: ${without.at(-1)?.toFixed(0)} tps alone, ${during.at(-1)?.toFixed(0)} tps during`);
  }
  const [alone, beside] = [median(without), median(during)];
  const detail = `${beside.toFixed(0)} tps against ${alone.toFixed(0)}, medians of ${runs} turns of ${seconds} s; ${clients} clients, archiver and pgbench on the server's own machine`;
  return [{ name: 'impact', figure: 100 * (1 - beside / alone), limit: 5, unit: '%', detail }];
}

/** The archive has more to do than the turn lasts: it is stopped when pgbench ends, in the middle of its work. */
async function pgbenchDuring(world: ArchiveWorld, round: number): Promise<number> {
  await forgetArchive(world);
  const stop = new AbortController();
  const archiving = runChild(world, {
    script: 'archive-child.ts',
    environment: { BILLVAULT_ARCHIVE_PREFIX: `round-${round}` },
    signal: stop.signal,
  }).catch(() => undefined);
  await begun(world);
  const tps = await pgbench(world, seconds);
  stop.abort();
  if ((await archiving) !== undefined) throw new Error('the archive ended before pgbench did: nothing was measured');
  return tps;
}

/** Until rows are being sent. */
async function begun({ source }: ArchiveWorld): Promise<void> {
  for (;;) {
    const { rowCount } = await source.query(
      "select from pg_stat_activity where query like 'copy (select%' and state = 'active'",
    );
    if ((rowCount ?? 0) > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** @returns transactions a second */
async function pgbench({ sourceUrl }: ArchiveWorld, forSeconds: number): Promise<number> {
  const child = spawn('pgbench', ['-n', '-c', String(clients), '-j', '1', '-T', String(forSeconds), sourceUrl], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const tps = /tps = ([\d.]+)/.exec(output)?.[1];
  if (tps === undefined) throw new Error(`pgbench said: ${output}`);
  return Number(tps);
}
