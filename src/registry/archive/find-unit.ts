import { AppError } from '../../errors.ts';
import type { Registry } from '../registry.ts';
import type { WholeUnit } from './unit-record.ts';
import { toWholeUnit, wholeUnitInclude } from './unit-rows.ts';

/** @throws AppError NOT_FOUND */
export async function findUnit(registry: Registry, unitId: number): Promise<WholeUnit> {
  const row = await registry.archiveUnit.findUnique({ where: { id: unitId }, include: wholeUnitInclude });
  if (row === null) throw new AppError('NOT_FOUND', `there is no archive unit ${unitId}`);
  return toWholeUnit(row);
}
