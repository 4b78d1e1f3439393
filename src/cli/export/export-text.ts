import type { ExportSummary } from '../../registry/export/list-exports.ts';
import { month, time } from '../output/format.ts';
import { facts } from '../output/table.ts';

export function exportText(shown: ExportSummary): string {
  return facts([
    ['export', `${shown.client}/${shown.name}`],
    ['kind', shown.kind],
    ['name in AWS', shown.sourceName],
    ['payer account', shown.payerAccount],
    ['lies under', `s3://${shown.bucket}/${shown.root}`],
    ['bucket region', shown.bucketRegion],
    ['role', shown.roleArn],
    ['raw table', shown.rawTable],
    ['schedule (UTC)', shown.schedule],
    ['enabled', shown.enabled],
    ['settle days', shown.settleDays],
    ['keep superseded days', shown.keepSupersededDays],
    ['from', shown.fromPeriod === null ? null : month(shown.fromPeriod)],
    ['registered (UTC)', time(shown.createdAt)],
    ['looked at (UTC)', shown.discoveredAt === null ? null : time(shown.discoveredAt)],
  ]);
}
