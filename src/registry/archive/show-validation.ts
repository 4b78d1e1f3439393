import { AppError } from '../../errors.ts';
import type { Page } from '../page.ts';
import { beyondEveryId } from '../page.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';
import type { ValidationRecord } from './validation.ts';

/** A validation without what it found: a page of them stays small. */
export type ValidationSummary = Omit<ValidationRecord, 'findings'>;

/** Newest first. */
export async function listValidationSummaries(
  registry: Registry,
  { limit, cursor = beyondEveryId }: Page,
): Promise<readonly ValidationSummary[]> {
  const rows = await registry.archiveValidation.findMany({
    where: { id: { lt: cursor } },
    omit: { findings: true },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return rows.map((row) => ({ ...row, id: safeInteger(row.id) }));
}

/** @throws AppError NOT_FOUND */
export async function findValidation(registry: Registry, id: number): Promise<ValidationRecord> {
  const row = await registry.archiveValidation.findUnique({ where: { id } });
  if (row === null) throw new AppError('NOT_FOUND', `there is no validation ${id}`);
  return { ...row, id: safeInteger(row.id) };
}
