import { sqlErrorOf, toDatabaseError } from '../../db/database-error.ts';
import { AppError } from '../../errors.ts';
import type { PartJob } from './restore-part.ts';

/** SQLSTATE class "integrity constraint violation", and what of it says that the row is there already. */
const integrityClass = '23';
const uniqueViolation = '23505';
const invalidTextClass = '22';

/** What the target's database says of rows that it does not take, as the restore's own error. */
export function toRestoreError(error: unknown, { target, part, unit }: PartJob): unknown {
  const mapped = toDatabaseError(error);
  const sql = sqlErrorOf(mapped);
  const state = sql?.code ?? '';
  const where = `part ${part.ordinal} of ${unit.schema}.${unit.table} ${unit.month} into ${target.source}/${target.schema}.${target.table}`;
  const said = `${sql?.message ?? ''}${sql?.detail === undefined ? '' : ` (${sql.detail.slice(0, 500)})`}`;
  if (state === uniqueViolation) {
    const hint = 'restore with conflict "skip" or "overwrite", or into another table';
    return new AppError('RESTORE_CONFLICT', `${where}: a row is there already: ${said}; ${hint}`, { cause: error });
  }
  if (state.startsWith(integrityClass)) {
    return new AppError('RESTORE_CONFLICT', `${where}: the table does not take a row: ${said}`, { cause: error });
  }
  if (state.startsWith(invalidTextClass)) {
    const column = sql?.where === undefined ? '' : ` at ${sql.where.slice(0, 300)}`;
    return new AppError('SCHEMA_DRIFTED', `${where}: a value is none of its column's type: ${said}${column}`, {
      cause: error,
    });
  }
  return mapped;
}
