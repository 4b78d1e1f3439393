import type { Command } from 'commander';
import type { ReplacementRecord } from '../../../registry/archive/replacement.ts';
import {
  type DeletionSum,
  type ShownPart,
  type ShownUndo,
  type ShownUnit,
  showUnit,
} from '../../../registry/archive/show-unit.ts';
import { parseId } from '../../arguments.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { bytes, count, time } from '../../output/format.ts';
import { type Column, facts, table } from '../../output/table.ts';
import { withArchive } from '../with-archive.ts';

export function unitShow(cli: Cli): Command {
  return newCommand({
    name: 'show',
    summary: 'show an archive unit in full: its parts, their versions, locks and digests, what was deleted',
    examples: ['archive unit show 42'],
  })
    .argument('<id>', 'number of the unit, as in billvault archive units', parseId)
    .action(async (unitId: number, options: PrintOptions) => {
      const unit = await withArchive(cli, ({ registry }) => showUnit(registry, unitId));
      cli.print(options, unit, () => unitText(unit));
    });
}

const deletionColumns: readonly Column<DeletionSum>[] = [
  { title: 'deleted in round', align: 'right', of: ({ round }) => String(round) },
  { title: 'by', of: ({ method }) => method },
  { title: 'state', of: ({ state }) => state },
  { title: 'ranges', align: 'right', of: ({ ranges }) => count(ranges) },
  { title: 'rows', align: 'right', of: ({ rows }) => count(rows) },
  { title: 'first (UTC)', of: ({ firstAt }) => instantText(firstAt) },
  { title: 'last (UTC)', of: ({ lastAt }) => instantText(lastAt) },
];

const undoColumns: readonly Column<ShownUndo>[] = [
  { title: 'purged rows wait in', of: ({ schema, table: name }) => `${schema}.${name}` },
  { title: 'until (UTC)', of: ({ dropAfter }) => instantText(dropAfter) },
];

function unitText(unit: ShownUnit): string {
  const { parts, partCount, replacements, deletions, undo } = unit;
  return [
    unitFacts(unit),
    ...parts.map(partFacts),
    ...(partCount > parts.length ? [`… and ${count(partCount - parts.length)} more parts`] : []),
    ...replacements.map(replacementFacts),
    ...(deletions.length === 0 ? [] : [table(deletionColumns, deletions)]),
    ...(undo.length === 0 ? [] : [table(undoColumns, undo)]),
  ].join('\n\n');
}

function replacementFacts(replacement: ReplacementRecord): string {
  const { partId, versionId, at, actor, code, text } = replacement;
  return facts([
    ['faulty', `part number ${partId} of the archive${versionId === null ? '' : `, version ${versionId}`}`],
    ['what was wrong', `${code}: ${text}`],
    ['repaired (UTC)', `${instantText(at)} by ${actor}`],
    ['stands for it', standInText(replacement)],
  ]);
}

function standInText({ newVersionId, newPartId, round, isSame }: ReplacementRecord): string {
  if (newVersionId !== null) return `version ${newVersionId}`;
  const part = newPartId === null ? `what round ${round} exported` : `part number ${newPartId}`;
  return isSame ? part : `${part}, of changed rows`;
}

function unitFacts(unit: ShownUnit): string {
  const { keepUntil, errorCode } = unit;
  return facts([
    ['unit', unit.id],
    ['table', `${unit.source}/${unit.schema}.${unit.table}`],
    ['month', unit.month],
    ['mode', unit.mode],
    ['state', unit.state],
    ['round', unit.round],
    ['policy', unit.policyName],
    ['rows', count(unit.rows)],
    ['ranges', count(unit.rangeCount)],
    ['departed rows', count(unit.departedRows)],
    ['text', bytes(unit.textBytes)],
    ['digest', unit.digest],
    ['definition', unit.definitionSha256],
    ['time column', unit.timeColumn],
    ['key columns', unit.keyColumns.join(', ') || null],
    ['locked until (UTC)', instantText(unit.retainUntil)],
    ['exported (UTC)', instantText(unit.exportedAt)],
    ['verified (UTC)', instantText(unit.verifiedAt)],
    ['purged (UTC)', instantText(unit.purgedAt)],
    ...(keepUntil === null ? [] : [['restored rows stay until', instantText(keepUntil)] as const]),
    ...(errorCode === null
      ? []
      : [['attempts', unit.attempts] as const, ['error', `${errorCode}: ${unit.errorText}`] as const]),
  ]);
}

function partFacts(part: ShownPart): string {
  const { encryption, validatedAt, expiredAt } = part;
  return facts([
    ['part', `${part.ordinal} of the unit, number ${part.id} of the archive`],
    ['round', part.round],
    ['state', part.state],
    ['object', `s3://${part.bucket}/${part.key}`],
    ['version', part.versionId],
    ['rows', count(part.rows)],
    ['size', `${bytes(part.sizeBytes)} (${bytes(part.textBytes)} of text, ${part.compression})`],
    ['SHA-256', part.sha256],
    ['digest of its rows', part.digest],
    ['storage class', part.storageClass],
    ['encryption', encryptionText(encryption)],
    ['lock', `${part.lockMode} until ${instantText(part.retainUntil)} UTC`],
    ['legal hold', part.legalHold],
    ['stored (UTC)', instantText(part.storedAt)],
    ['verified (UTC)', instantText(part.verifiedAt)],
    ...(validatedAt === null
      ? []
      : [['validated (UTC)', `${instantText(validatedAt)}, level ${part.validatedLevel}`] as const]),
    ...(expiredAt === null ? [] : [['expired (UTC)', instantText(expiredAt)] as const]),
  ]);
}

function encryptionText(encryption: ShownPart['encryption']): string {
  const asked = encryption.algorithm === 'AES256' ? 'AES256' : `aws:kms, key ${encryption.keyId}`;
  return encryption.unconfirmed === true ? `${asked}, asked for; the server does not say that it did so` : asked;
}

function instantText(instant: Date | null): string | null {
  return instant === null ? null : time(instant.toISOString());
}
