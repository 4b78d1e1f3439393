import { quoteQualified } from '../../db/identifier.ts';
import { type DeletionRecord, listDeletions } from '../../registry/archive/deletion.ts';
import { listUndoTables } from '../../registry/archive/undo.ts';
import type { PartRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import { purgedRounds } from '../compare/expected-range.ts';
import { readPurgedRounds } from '../compare/read-purged-rounds.ts';
import type { ArchiveContext } from '../context.ts';
import { rowsOf } from '../plan/reason.ts';
import type { OtherVersions } from './find-version.ts';

/** Deletions of a part's rows that count: committed or not known to have failed, and nothing was put back by a restore since. */
export async function deletionsOf(
  { registry }: Pick<ArchiveContext, 'registry'>,
  unit: WholeUnit,
  part: PartRecord,
): Promise<readonly DeletionRecord[]> {
  const deletions = await listDeletions(registry, { unitId: unit.id });
  const ordinals = new Set(part.ranges.map(({ ordinal }) => ordinal));
  const ofPart = deletions.filter(({ round, rangeOrdinal }) => round >= part.round && ordinals.has(rangeOrdinal));
  const counted = await readPurgedRounds(registry, unit);
  const ever = purgedRounds(deletions);
  return ofPart.filter(
    ({ state, rangeOrdinal }) => state === 'INTENDED' || counted(rangeOrdinal) === ever(rangeOrdinal),
  );
}

export interface AdviceRequest {
  readonly unit: WholeUnit;
  readonly part: PartRecord;
  readonly deletions: readonly DeletionRecord[];
  readonly versions: OtherVersions;
}

/** What can be done about a faulty part whose rows were purged: one sentence each. */
export async function adviceOnPurged(
  context: ArchiveContext,
  { unit, part, deletions, versions }: AdviceRequest,
): Promise<readonly string[]> {
  const { replicaBucket } = context.destination;
  const object = `s3://${part.bucket}/${part.key}`;
  const again = `then billvault archive unit repair ${unit.id}`;
  const copy =
    replicaBucket === undefined
      ? `whoever has a copy of the object, ${part.sizeBytes} bytes with SHA-256 ${part.sha256}, can put it over ${object}, ${again}`
      : `bucket ${replicaBucket} has its replicas: aws s3 cp s3://${replicaBucket}/${part.key} ${object}, ${again} takes the version with the right bytes`;
  return [purgeText(deletions), ...versionTexts(versions), ...(await undoTexts(context, unit, again)), copy];
}

function purgeText(deletions: readonly DeletionRecord[]): string {
  const rows = deletions.reduce((sum, deletion) => sum + deletion.rows, 0);
  const last = deletions.reduce((a, b) => (b.at > a.at ? b : a), deletions[0] as DeletionRecord);
  return `its rows were purged (${rowsOf(rows)} of its ranges, last by ${last.actor} at ${last.at.toISOString()}), and are not in the table`;
}

function versionTexts({ others, obstacles }: OtherVersions): readonly string[] {
  if (obstacles.length > 0) return obstacles;
  return [`no other version of the object has its bytes (${others} of its size were read)`];
}

async function undoTexts(
  { registry, now }: ArchiveContext,
  { id, schema, table }: WholeUnit,
  again: string,
): Promise<readonly string[]> {
  const tables = (await listUndoTables(registry, {})).filter(({ unitId }) => unitId === id);
  if (tables.length === 0) return ['no undo table has its rows any more'];
  return tables.map(
    (undo) =>
      `purged rows wait in ${undo.schema}.${undo.table} of the source until ${undo.dropAfter.toISOString()}${undo.dropAfter < now() ? ', which is over' : ''}: insert into ${quoteQualified(schema, table)} overriding system value select * from ${quoteQualified(undo.schema, undo.table)}, ${again}`,
  );
}
