import type pg from 'pg';
import { copyOut } from '../../db/copy-out.ts';
import { findUnit } from '../../registry/archive/find-unit.ts';
import { nextPartOrdinal, openLastRange } from '../../registry/archive/part-states.ts';
import type { PartRange, UnitRange, WholeUnit } from '../../registry/archive/unit-record.ts';
import { markUnitExported } from '../../registry/archive/unit-states.ts';
import { step } from '../../steps.ts';
import type { ArchiveContext } from '../context.ts';
import { combinedDigest } from '../manifest/combined-digest.ts';
import { inSnapshot } from '../source/source-transaction.ts';
import { readDefinition } from '../source/table-definition.ts';
import { writerColumns } from '../source/writer-columns.ts';
import { PartUnderWay } from './part-under-way.ts';
import { RangeCutter } from './range-cutter.ts';
import { settleIntents } from './settle-intents.ts';
import { storeFinished } from './store-finished.ts';
import { throttled } from './throttle.ts';
import type { UnitJob } from './unit-job.ts';
import { unitQuery } from './unit-query.ts';

/** `waiting`: parts lie in the spool until the bucket can be reached again. */
export type ExportOutcome = 'exported' | 'waiting';

/**
 * Exports what is not exported yet of a unit's first round: its month, of one snapshot, cut into parts, each recorded,
 * uploaded and recorded again before the next one begins. After a crash it goes on behind the last recorded part; every
 * part has the definition of its own rows, so a table that was altered meanwhile is no obstacle.
 * @throws AppError as the source or the bucket
 */
export async function exportUnit(context: ArchiveContext, job: UnitJob): Promise<ExportOutcome> {
  const { registry } = context;
  await settleIntents(context, job, await findUnit(registry, job.unitId));
  const unit = await findUnit(registry, job.unitId);
  const last = unit.ranges.at(-1);
  if (last === undefined || last.upper !== null) {
    await inSnapshot(job.pool, (client) => exportRest(context, { job, unit, client }));
    step('export.copied', unit.id);
    await openLastRange(registry, unit.id);
  }
  return finishExport(context, unit.id);
}

/** PLANNED → EXPORTED, unless parts wait in the spool. */
export async function finishExport({ registry }: ArchiveContext, unitId: number): Promise<ExportOutcome> {
  const { parts } = await findUnit(registry, unitId);
  if (parts.some(({ state }) => state === 'SPOOLED')) return 'waiting';
  await markUnitExported(registry, unitId, combinedDigest(parts.map(({ digest }) => digest)));
  step('unit.exported', unitId);
  return 'exported';
}

interface Exporting {
  readonly job: UnitJob;
  readonly unit: WholeUnit;
  readonly client: pg.PoolClient;
}

async function exportRest(context: ArchiveContext, { job, unit, client }: Exporting): Promise<void> {
  const definition = await readDefinition(client, unit);
  const { policy, signal, throttle } = job;
  const query = unitQuery(unit, definition);
  const after = unit.ranges.at(-1)?.upper ?? undefined;
  const { rangeRows, rangeBytes } = context.settings;
  const cutter = new RangeCutter({
    rangeRows,
    rangeBytes,
    mayCutBetween: query.key.mayCutBetween,
    boundOf: query.key.boundOf,
  });
  const open = () => new PartUnderWay({ columns: writerColumns(definition), policy, signal });
  let part = open();
  let newRanges: UnitRange[] = [];
  let nextOrdinal = unit.ranges.length + 1;
  const endRange = (range: Omit<PartRange, 'ordinal'> & { readonly upper: readonly string[] }): void => {
    const ordinal = nextOrdinal++;
    part.endRange({ ordinal, rows: range.rows, sha256: range.sha256 });
    newRanges.push({ ordinal, upper: range.upper });
  };
  const store = async (): Promise<void> => {
    const ordinal = await nextPartOrdinal(context.registry, unit.id);
    await storeFinished(context, { job, unit, definition, part, ordinal, newRanges, departed: [] });
    newRanges = [];
  };
  try {
    const lines = copyOut(client, { ...query.select({ after }), signal });
    for await (const chunk of throttled(lines, { throttle, signal })) {
      for (const cut of cutter.cut(chunk)) {
        if (cut.kind === 'lines') {
          await part.add(cut.bytes, cut.rows);
          continue;
        }
        endRange(cut.range);
        if (!part.isFull) continue;
        await store();
        await part[Symbol.asyncDispose]();
        part = open();
      }
      step('export.mid-copy', unit.id);
    }
    const rest = cutter.end();
    if (rest !== undefined) endRange(rest);
    if (part.rows > 0) await store();
  } finally {
    await part[Symbol.asyncDispose]();
  }
}
