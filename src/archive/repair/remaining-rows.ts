import { createHash } from 'node:crypto';
import type pg from 'pg';
import { copyOut } from '../../db/copy-out.ts';
import type { DepartedRow, PartRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import type { Registry } from '../../registry/registry.ts';
import { ArchivedRows } from '../compare/archived-rows.ts';
import { comparableLines } from '../compare/comparable-lines.ts';
import { readPurgedRounds } from '../compare/read-purged-rounds.ts';
import { linesOf, rowDigest } from '../compare/row-set.ts';
import { throttled } from '../export/throttle.ts';
import type { UnitJob } from '../export/unit-job.ts';
import { unitQuery } from '../export/unit-query.ts';
import { inSnapshot } from '../source/source-transaction.ts';
import { readDefinition, type TableDefinition } from '../source/table-definition.ts';
import { openPartLines } from '../verify/open-part-lines.ts';

export interface RemainingRowsRequest {
  readonly registry: Registry;
  readonly job: Pick<UnitJob, 'pool' | 'verifierStore' | 'throttle' | 'signal'>;
  /** With the parts that can be read, and no others: the faulty ones are not among them. */
  readonly unit: WholeUnit;
  /** The faulty one. */
  readonly part: PartRecord;
}

export interface RemainingRows {
  readonly rows: number;
  /** They are, range by range, the very lines that the part was made of. */
  readonly isSame: boolean;
  /** On record as departed, and in none of the other parts: they were in this one. */
  readonly takenBack: readonly DepartedRow[];
}

/** Told of the lines as they are read; the ranges come in order, and `endRange` after the last line of each. */
export interface RemainingLines {
  add(rangeOrdinal: number, lines: readonly Buffer[]): Promise<void>;
  endRange(rangeOrdinal: number): void;
}

/**
 * The table's rows in the ranges of a faulty part that no other part of its unit holds, purged before or not: what the part
 * would be made of today. The part itself is not read: its digests are on record.
 * @param sinkOf takes them, given the table as the snapshot has it
 * @throws AppError as the source, as the reading of the other parts that have rows of these ranges, and as the sink
 */
export async function readRemainingRows(
  request: RemainingRowsRequest,
  sinkOf: (definition: TableDefinition) => RemainingLines,
): Promise<RemainingRows> {
  const { registry, job, unit } = request;
  const purgedRound = await readPurgedRounds(registry, unit);
  return inSnapshot(job.pool, async (client) => {
    const definition = await readDefinition(client, unit);
    await using archived = new ArchivedRows({
      unit,
      purgedRound,
      openLines: (part) => openPartLines(job.verifierStore, part, job.signal),
      // Rows that were put back by hand are none that came anew.
      countsPurged: true,
    });
    // Awaited here: the parts stay open as long as it reads them, and no longer.
    return await readRanges({ ...request, client, definition, archived }, sinkOf(definition));
  });
}

interface Reading extends RemainingRowsRequest {
  readonly client: pg.PoolClient;
  readonly definition: TableDefinition;
  readonly archived: ArchivedRows;
}

async function readRanges(reading: Reading, sink: RemainingLines): Promise<RemainingRows> {
  const { registry, unit, part, definition, archived } = reading;
  const comparable = await comparableLines(registry, unit, definition);
  const asInPart = await comparableLines(registry, { ...unit, parts: [part] }, definition);
  const takenBack: DepartedRow[] = [];
  let rows = 0;
  let isSame = true;
  for (const { ordinal, sha256 } of part.ranges) {
    const { kept, stray } = await archived.range(ordinal);
    takenBack.push(...stray);
    const hash = createHash('sha256');
    for await (const chunk of linesOfRange(reading, ordinal)) {
      const lines = [...linesOf(chunk)].filter((line) => !kept.take(rowDigest(comparable(line))));
      for (const line of lines) hash.update(asInPart(line));
      rows += lines.length;
      if (lines.length > 0) await sink.add(ordinal, lines);
    }
    sink.endRange(ordinal);
    isSame &&= hash.digest('hex') === sha256;
  }
  return { rows, isSame, takenBack };
}

function linesOfRange({ client, definition, unit, job }: Reading, ordinal: number): AsyncGenerator<Buffer, void> {
  const after = unit.ranges[ordinal - 2]?.upper ?? undefined;
  const upTo = unit.ranges[ordinal - 1]?.upper ?? undefined;
  const select = unitQuery(unit, definition).select({ after, upTo });
  return throttled(copyOut(client, { ...select, signal: job.signal }), job);
}
