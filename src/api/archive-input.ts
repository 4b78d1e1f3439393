import { z } from 'zod';
import type { ArchiveContext } from '../archive/context.ts';
import { isMonth } from '../archive/month.ts';
import { namePattern } from '../archive/policy/policy.ts';
import { isTablePattern, type TableName } from '../archive/policy/table-pattern.ts';
import { AppError } from '../errors.ts';
import { listTableNames } from '../registry/archive/selection.ts';
import { text } from './input.ts';

/** Of a policy, or of a source database. */
export const archiveName = text.regex(namePattern, 'give a name: a lower-case letter, then letters, digits, - or _');

/** `2026-01`, as the archive has its months. */
export const archiveMonth = z.string().refine(isMonth, 'give a month, such as 2026-01');

/** First and last month. */
export const monthFields = { from: archiveMonth.optional(), to: archiveMonth.optional() };

/** As in a policy: `schema.table` with `*` and `?`. */
export const tablePattern = text.refine(isTablePattern, 'give schema.table, or a pattern of it with * and ?');

/** `schema.table`, or a table of the schema public; a dot after the first one belongs to the table. */
export const tableName = tablePattern.transform((given): TableName => {
  const dot = given.indexOf('.');
  return dot === -1 ? { schema: 'public', table: given } : { schema: given.slice(0, dot), table: given.slice(dot + 1) };
});

/** A body whose fields a verb of the archive checks itself; PostgreSQL can hold its texts. */
export const anyFields = z
  .record(z.string(), z.unknown())
  .refine((value) => !JSON.stringify(value).includes('\\u0000'), 'must not hold NUL');

/** `true` or `false`, in a query. */
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

/** @throws AppError BAD_INPUT for months in the wrong order: they would select nothing, and not say why */
export function requireOrder({ from, to }: { readonly from?: string | undefined; readonly to?: string | undefined }) {
  if (from !== undefined && to !== undefined && to < from) {
    throw new AppError('BAD_INPUT', `to: ${to} is before from, which is ${from}`);
  }
}

/** @throws AppError NOT_FOUND for a source that billvault.yaml does not have */
export function requireSource({ sources }: Pick<ArchiveContext, 'sources'>, source: string | undefined): void {
  if (source === undefined || sources.names.includes(source)) return;
  const known = sources.names.join(', ');
  throw new AppError('NOT_FOUND', `there is no source ${JSON.stringify(source)}: archive.sources has ${known}`);
}

/** The same of a source that is in the archive, whether billvault.yaml still has it or not. */
export async function requireArchivedSource(context: ArchiveContext, source: string | undefined): Promise<void> {
  if (source === undefined || (await listTableNames(context.registry, source)).length > 0) return;
  requireSource(context, source);
}
