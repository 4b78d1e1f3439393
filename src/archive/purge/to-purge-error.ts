import { sqlErrorOf } from '../../db/database-error.ts';
import { quoteIdentifier, quoteQualified } from '../../db/identifier.ts';
import { AppError } from '../../errors.ts';
import type { WholeUnit } from '../../registry/archive/unit-record.ts';
import type { UnitJob } from '../export/unit-job.ts';
import { undoSchema } from './prepare-undo-table.ts';

const insufficientPrivilege = '42501';

/** A right that the source's role does not have, with what to grant it; anything else is passed through unchanged. */
export function toPurgeError(
  error: unknown,
  { unit, job }: { readonly unit: WholeUnit; readonly job: Pick<UnitJob, 'policy'> },
): unknown {
  const denied = sqlErrorOf(error);
  if (denied?.code !== insufficientPrivilege) return error;
  const { undoDays } = job.policy;
  const forUndo =
    undoDays === 0
      ? ''
      : `; and as the policy has undoDays ${undoDays}: grant create on its database, for the schema ${quoteIdentifier(undoSchema)} that the rows wait in (or let the role own that schema)`;
  return new AppError(
    'BAD_CONFIG',
    `source ${unit.source}: its role may not purge ${unit.schema}.${unit.table} (${denied.message}): grant select, delete on ${quoteQualified(unit.schema, unit.table)} to it${forUndo}`,
    { cause: error },
  );
}
