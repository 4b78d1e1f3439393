import { AppError } from '../../errors.ts';
import type { TableName } from '../source/table-definition.ts';
import type { ColumnMapping } from './map-columns.ts';

/** @throws AppError SCHEMA_DRIFTED naming every difference that stands in the way */
export function requireMappable({ schema, table }: TableName, { differences }: ColumnMapping): void {
  const refusals = differences.flatMap(({ refusal }) => (refusal === null ? [] : [refusal]));
  if (refusals.length > 0) throw new AppError('SCHEMA_DRIFTED', `${schema}.${table}: ${refusals.join('; ')}`);
}
