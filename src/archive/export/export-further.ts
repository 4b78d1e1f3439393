import { createHash } from 'node:crypto';
import type pg from 'pg';
import { copyOut } from '../../db/copy-out.ts';
import { findUnit } from '../../registry/archive/find-unit.ts';
import { nextPartOrdinal, recordDeparted } from '../../registry/archive/part-states.ts';
import type { DepartedRow, UnitRange, WholeUnit } from '../../registry/archive/unit-record.ts';
import { ArchivedRows } from '../compare/archived-rows.ts';
import { expectedDigest } from '../compare/expected-range.ts';
import { readPurgedRounds } from '../compare/read-purged-rounds.ts';
import { linesOf, rowDigest } from '../compare/row-set.ts';
import type { ArchiveContext } from '../context.ts';
import { inSnapshot } from '../source/source-transaction.ts';
import { readDefinition } from '../source/table-definition.ts';
import { writerColumns } from '../source/writer-columns.ts';
import { openPartLines } from '../verify/open-part-lines.ts';
import { type ExportOutcome, finishExport } from './export-unit.ts';
import { PartUnderWay } from './part-under-way.ts';
import { settleIntents } from './settle-intents.ts';
import { storeFinished } from './store-finished.ts';
import { throttled } from './throttle.ts';
import type { UnitJob } from './unit-job.ts';
import { type UnitQuery, unitQuery } from './unit-query.ts';

/**
 * Exports the rows of a unit's month that no part of it holds yet (they came late, or were changed), and notes the archived
 * ones that are gone. Where a range's digest says that nothing changed, nothing is read from the bucket.
 */
export async function exportFurther(context: ArchiveContext, job: UnitJob): Promise<ExportOutcome> {
  const { registry } = context;
  await settleIntents(context, job, await findUnit(registry, job.unitId));
  const unit = await findUnit(registry, job.unitId);
  await inSnapshot(job.pool, async (client) => {
    const definition = await readDefinition(client, unit);
    const purgedRound = await readPurgedRounds(registry, unit);
    await using archived = new ArchivedRows({
      unit,
      purgedRound,
      openLines: (part) => openPartLines(job.verifierStore, part, job.signal),
    });
    const columns = writerColumns(definition);
    const { policy, signal } = job;
    let part = new PartUnderWay({ columns, policy, signal });
    let departed: DepartedRow[] = [];
    const store = async () => {
      const ordinal = await nextPartOrdinal(registry, unit.id);
      await storeFinished(context, { job, unit, definition, part, ordinal, newRanges: [], departed });
      departed = [];
    };
    try {
      const reading: Reading = { client, query: unitQuery(unit, definition), unit, archived, purgedRound, job };
      for (const range of unit.ranges) {
        departed.push(...(await addLateRows(reading, range, part)));
        if (!part.isFull) continue;
        await store();
        await part[Symbol.asyncDispose]();
        part = new PartUnderWay({ columns, policy, signal });
      }
      if (part.rows > 0) await store();
      else await recordDeparted(registry, unit.id, departed);
    } finally {
      await part[Symbol.asyncDispose]();
    }
  });
  return finishExport(context, unit.id);
}

interface Reading {
  readonly client: pg.PoolClient;
  readonly query: UnitQuery;
  readonly unit: WholeUnit;
  readonly archived: ArchivedRows;
  readonly purgedRound: (rangeOrdinal: number) => number;
  readonly job: UnitJob;
}

/** @returns the range's archived rows that are gone */
async function addLateRows(reading: Reading, range: UnitRange, part: PartUnderWay): Promise<readonly DepartedRow[]> {
  const { unit, archived, purgedRound } = reading;
  const purged = purgedRound(range.ordinal);
  if ((await digestOf(reading, range)) === expectedDigest(unit, range.ordinal, purged)) return [];
  const { kept, live } = await archived.range(range.ordinal);
  const hash = createHash('sha256');
  let rows = 0;
  for await (const chunk of linesOfRange(reading, range)) {
    const late: Buffer[] = [];
    for (const line of linesOf(chunk)) {
      const digest = rowDigest(line);
      live.take(digest);
      if (!kept.take(digest)) late.push(line);
    }
    if (late.length === 0) continue;
    const lines = Buffer.concat(late);
    hash.update(lines);
    rows += late.length;
    await part.add(lines, late.length);
  }
  if (rows > 0) part.endRange({ ordinal: range.ordinal, rows, sha256: hash.digest('hex') });
  return live.list().map((row) => ({ ...row, round: unit.round, rangeOrdinal: range.ordinal }));
}

async function digestOf(reading: Reading, range: UnitRange): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of linesOfRange(reading, range)) hash.update(chunk);
  return hash.digest('hex');
}

async function* linesOfRange({ client, query, unit, job }: Reading, range: UnitRange): AsyncGenerator<Buffer, void> {
  const after = unit.ranges[range.ordinal - 2]?.upper ?? undefined;
  const select = query.select({ after, upTo: range.upper ?? undefined });
  yield* throttled(copyOut(client, { ...select, signal: job.signal }), job);
}
