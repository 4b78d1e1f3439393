import type { DeliverySummary } from '../../registry/delivery/list-deliveries.ts';
import { bytes, count, month, time } from './format.ts';
import { type Column, table } from './table.ts';

const columns: readonly Column<DeliverySummary>[] = [
  { title: 'export', of: (delivery) => `${delivery.client}/${delivery.export}` },
  { title: 'period', of: ({ periodStart }) => month(periodStart) },
  { title: 'delivery', align: 'right', of: ({ id }) => String(id) },
  { title: 'state', of: ({ state }) => state },
  { title: 'NEW', align: 'right', of: ({ files }) => count(files.NEW) },
  { title: 'INGESTED', align: 'right', of: ({ files }) => count(files.INGESTED) },
  { title: 'FAILED', align: 'right', of: ({ files }) => count(files.FAILED) },
  { title: 'rows', align: 'right', of: ({ rows }) => count(rows) },
  { title: 'size', align: 'right', of: (delivery) => bytes(delivery.bytes) },
  { title: 'published (UTC)', of: ({ publishedAt }) => time(publishedAt) },
];

export function deliveryTable(deliveries: readonly DeliverySummary[]): string {
  return table(columns, deliveries);
}
