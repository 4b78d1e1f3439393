import { printable } from '../../../printable.ts';
import type { RestorePartRecord, RestoreRecord } from '../../../registry/archive/restore.ts';
import { count, time } from '../../output/format.ts';
import { type Column, facts, table } from '../../output/table.ts';

const partColumns: readonly Column<RestorePartRecord>[] = [
  { title: 'part', align: 'right', of: ({ partId }) => String(partId) },
  { title: 'unit', align: 'right', of: ({ unitId }) => String(unitId) },
  { title: 'state', of: ({ state }) => state },
  { title: 'rows', align: 'right', of: ({ rows }) => count(rows) },
  { title: 'asked for (UTC)', of: ({ requestedAt }) => time(requestedAt?.toISOString() ?? null) },
  { title: 'restored (UTC)', of: ({ restoredAt }) => time(restoredAt?.toISOString() ?? null) },
];

export function restoreText(restore: RestoreRecord): string {
  const { errorCode, errorText, parts } = restore;
  return [
    facts([
      ['restore', restore.id],
      ['of', restore.source],
      ['selection', JSON.stringify(restore.selection)],
      ['into', restore.targetKey],
      ['state', restore.state],
      ['parts', partsText(restore)],
      ['rows', count(restoredRows(restore))],
      ['asked for (UTC)', time(restore.createdAt.toISOString())],
      ['by', restore.requestedBy],
      ['finished (UTC)', restore.finishedAt === null ? null : time(restore.finishedAt.toISOString())],
      ...(errorCode === null ? [] : [['error', printable(`${errorCode}: ${errorText}`)] as const]),
    ]),
    ...(parts.length === 0 ? [] : ['', table(partColumns, parts)]),
  ].join('\n');
}

/** `3 of 4`: restored, or known to be there already. */
export function partsText({ parts }: RestoreRecord): string {
  const settled = parts.filter(({ state }) => state === 'RESTORED' || state === 'SKIPPED').length;
  return `${count(settled)} of ${count(parts.length)}`;
}

export function restoredRows({ parts }: RestoreRecord): number {
  return parts.reduce((sum, { rows }) => sum + (rows ?? 0), 0);
}
