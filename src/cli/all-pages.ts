import { maxPageSize, type Page } from '../registry/page.ts';

/** More rows than a person reads or a pipe should hold in memory; the API has pages for those who want more. */
const maxRows = 100_000;

/** All rows of a list, page by page. */
export async function allPages<T extends { readonly id: number }>(
  list: (page: Page) => Promise<readonly T[]>,
  limit: number = maxRows,
): Promise<readonly T[]> {
  const rows: T[] = [];
  let cursor: number | undefined;
  while (rows.length < limit) {
    const page = { limit: Math.min(maxPageSize, limit - rows.length), cursor };
    const found = await list(page);
    rows.push(...found);
    cursor = found.at(-1)?.id;
    if (found.length < page.limit) break;
  }
  return rows;
}
