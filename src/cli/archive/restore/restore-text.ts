import type { RestoreSummary, ShownRestore } from '../../../registry/archive/show-restore.ts';
import { count, time } from '../../output/format.ts';
import { type Column, facts, table } from '../../output/table.ts';

type OpenPart = ShownRestore['openParts'][number];

const partColumns: readonly Column<OpenPart>[] = [
  { title: 'open part', align: 'right', of: ({ partId }) => String(partId) },
  { title: 'unit', align: 'right', of: ({ unitId }) => String(unitId) },
  { title: 'state', of: ({ state }) => state },
  { title: 'asked for (UTC)', of: ({ requestedAt }) => time(requestedAt?.toISOString() ?? null) },
];

export function restoreText(restore: ShownRestore): string {
  const { errorCode, errorText, openParts, finishedAt } = restore;
  const shown = facts([
    ['restore', restore.id],
    ['of', restore.source],
    ['selection', JSON.stringify(restore.selection)],
    ['into', restore.targetKey],
    ['state', restore.state],
    ['parts', partsText(restore)],
    ['rows', count(restore.rows)],
    ['asked for (UTC)', time(restore.createdAt.toISOString())],
    ['by', restore.requestedBy],
    ['finished (UTC)', finishedAt === null ? null : time(finishedAt.toISOString())],
    ...(errorCode === null ? [] : [['error', `${errorCode}: ${errorText}`] as const]),
  ]);
  return openParts.length === 0 ? shown : `${shown}\n\n${table(partColumns, openParts)}`;
}

/** `3 of 4`: restored, or known to be there already. */
export function partsText({ parts }: Pick<RestoreSummary, 'parts'>): string {
  const { RESTORED = 0, SKIPPED = 0 } = parts;
  const all = Object.values(parts).reduce((sum, number) => sum + number, 0);
  return `${count(RESTORED + SKIPPED)} of ${count(all)}`;
}
