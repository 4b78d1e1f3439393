import { listRefusedPolicies, type RefusedPolicy } from '../../registry/archive/policy-refusal.ts';
import {
  listMonthStatus,
  listTableStatus,
  type MonthStatusRow,
  type StatusFilter,
  type TableStatusRow,
} from '../../registry/archive/status.ts';
import type { Page } from '../../registry/page.ts';
import type { ArchiveContext } from '../context.ts';

export interface TableStatus extends TableStatusRow {
  /** Oldest first. */
  readonly months: readonly MonthStatusRow[];
}

export interface ArchiveStatus {
  readonly tables: readonly TableStatus[];
  /** Of the filter's source, or of all: nothing of their tables is archived, and those may not even be known. */
  readonly refused: readonly RefusedPolicy[];
  /** Where the next page begins; null: this is the last. */
  readonly nextCursor: number | null;
}

/**
 * How every table and month stands, as the registry knows it: neither the bucket nor a source is asked. A page is of
 * tables, with all their months that the filter names.
 */
export async function archiveStatus(
  { registry, now }: Pick<ArchiveContext, 'registry' | 'now'>,
  filter: StatusFilter,
  page: Page,
): Promise<ArchiveStatus> {
  const tables = await listTableStatus(registry, filter, page);
  const ids = tables.map(({ id }) => id);
  const months = ids.length === 0 ? [] : await listMonthStatus(registry, ids, { filter, now: now() });
  const byTable = Map.groupBy(months, ({ tableId }) => tableId);
  return {
    tables: tables.map((table) => ({ ...table, months: byTable.get(table.id) ?? [] })),
    refused: await listRefusedPolicies(registry, filter.source),
    nextCursor: tables.length < page.limit ? null : (tables.at(-1)?.id ?? null),
  };
}
