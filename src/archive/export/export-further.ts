import { createHash } from 'node:crypto';
import type pg from 'pg';
import { copyOut } from '../../db/copy-out.ts';
import { findUnit } from '../../registry/archive/find-unit.ts';
import type { UnitRange, WholeUnit } from '../../registry/archive/unit-record.ts';
import { ArchivedRows } from '../compare/archived-rows.ts';
import { type ComparableLines, comparableLines } from '../compare/comparable-lines.ts';
import { DepartedRows } from '../compare/departed-rows.ts';
import { expectedDigest } from '../compare/expected-range.ts';
import { readPurgedRounds } from '../compare/read-purged-rounds.ts';
import { linesOf, rowDigest } from '../compare/row-set.ts';
import type { ArchiveContext } from '../context.ts';
import { inSnapshot } from '../source/source-transaction.ts';
import { readDefinition } from '../source/table-definition.ts';
import { openPartLines } from '../verify/open-part-lines.ts';
import { type ExportOutcome, finishExport } from './export-unit.ts';
import { LateRows } from './late-rows.ts';
import { settleIntents } from './settle-intents.ts';
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
    const late = new LateRows({ context, job, unit, definition });
    try {
      const comparable = await comparableLines(registry, unit, definition);
      const query = unitQuery(unit, definition);
      const reading: Reading = { client, query, comparable, unit, archived, purgedRound, job };
      for (const range of unit.ranges) await addLateRows(reading, range, late);
      await late.end();
    } finally {
      await late[Symbol.asyncDispose]();
    }
  });
  return finishExport(context, unit.id);
}

interface Reading {
  readonly client: pg.PoolClient;
  readonly query: UnitQuery;
  readonly comparable: ComparableLines;
  readonly unit: WholeUnit;
  readonly archived: ArchivedRows;
  readonly purgedRound: (rangeOrdinal: number) => number;
  readonly job: UnitJob;
}

async function addLateRows(reading: Reading, range: UnitRange, late: LateRows): Promise<void> {
  const { unit, archived, purgedRound, comparable } = reading;
  const purged = purgedRound(range.ordinal);
  if ((await digestOf(reading, range)) === expectedDigest(unit, range.ordinal, purged)) return;
  const { kept, ...live } = await archived.range(range.ordinal);
  const departed = new DepartedRows(live);
  for await (const chunk of linesOfRange(reading, range)) {
    const lines: Buffer[] = [];
    for (const line of linesOf(chunk)) {
      const digest = rowDigest(comparable(line));
      departed.meet(digest);
      if (!kept.take(digest)) lines.push(line);
    }
    if (lines.length > 0) await late.add(range.ordinal, lines);
  }
  late.endRange(
    range.ordinal,
    departed.list().map((row) => ({ ...row, round: unit.round, rangeOrdinal: range.ordinal })),
  );
}

async function digestOf(reading: Reading, range: UnitRange): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of linesOfRange(reading, range)) hash.update(reading.comparable(chunk));
  return hash.digest('hex');
}

async function* linesOfRange({ client, query, unit, job }: Reading, range: UnitRange): AsyncGenerator<Buffer, void> {
  const after = unit.ranges[range.ordinal - 2]?.upper ?? undefined;
  const select = query.select({ after, upTo: range.upper ?? undefined });
  yield* throttled(copyOut(client, { ...select, signal: job.signal }), job);
}
