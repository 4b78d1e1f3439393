import { AppError, type ErrorCode } from '../../errors.ts';
import { storableText } from '../file/mark-failed.ts';
import type { Registry } from '../registry.ts';

/** PLANNED → EXPORTED: every part of the round is stored. */
export async function markUnitExported(registry: Registry, unitId: number, digest: string): Promise<void> {
  const changed = await registry.$executeRaw`
    update registry.archive_unit u
       set state = 'EXPORTED', exported_at = now(), digest = ${digest},
           rows = (select coalesce(sum(rows), 0) from registry.archive_part
                    where unit_id = u.id and state <> 'REPLACED'),
           text_bytes = (select coalesce(sum(text_bytes), 0) from registry.archive_part
                          where unit_id = u.id and state <> 'REPLACED')
     where id = ${unitId} and state = 'PLANNED'
       and not exists (select from registry.archive_part where unit_id = u.id and state in ('INTENDED', 'SPOOLED'))`;
  requireChange(changed, unitId, 'PLANNED with every part stored');
}

/** EXPORTED → VERIFIED: every part was read back and proved. */
export async function markUnitVerified(registry: Registry, unitId: number): Promise<void> {
  const changed = await registry.$executeRaw`
    update registry.archive_unit u
       set state = 'VERIFIED', verified_at = now(), error_code = null, error_text = null, attempts = 0
     where id = ${unitId} and state = 'EXPORTED'
       and not exists (select from registry.archive_part where unit_id = u.id and state not in ('VERIFIED', 'EXPIRED', 'REPLACED'))`;
  requireChange(changed, unitId, 'EXPORTED with every part verified');
}

/** VERIFIED → PURGED: every range of the round was deleted by its proof. */
export async function markUnitPurged(registry: Registry, unitId: number): Promise<void> {
  const changed = await registry.$executeRaw`
    update registry.archive_unit u
       set state = 'PURGED', purged_at = now(), error_code = null, error_text = null, attempts = 0
     where id = ${unitId} and state = 'VERIFIED'
       and not exists (select from registry.archive_deletion d where d.unit_id = u.id and d.state = 'INTENDED')`;
  requireChange(changed, unitId, 'VERIFIED with every deletion settled');
}

/** VERIFIED or PURGED → PLANNED, one round on: rows were found that are not archived yet. */
export async function beginFurtherRound(registry: Registry, unitId: number): Promise<void> {
  const changed = await registry.$executeRaw`
    update registry.archive_unit
       set state = 'PLANNED', round = round + 1, exported_at = null, verified_at = null, purged_at = null
     where id = ${unitId} and state in ('VERIFIED', 'PURGED')`;
  requireChange(changed, unitId, 'VERIFIED or PURGED');
}

/** Any state → FAILED, with the reason; the unit goes on from where it was with its next attempt. */
export async function failUnit(
  registry: Registry,
  unitId: number,
  failure: { readonly code: ErrorCode; readonly text: string },
): Promise<void> {
  await registry.$executeRaw`
    update registry.archive_unit
       set state = 'FAILED', failed_at = now(), attempts = attempts + 1,
           error_code = ${failure.code}, error_text = ${storableText(failure.text)}
     where id = ${unitId}`;
}

/** FAILED → the last state that was reached; any other state stays. */
export async function resumeUnit(registry: Registry, unitId: number): Promise<void> {
  await registry.$executeRaw`
    update registry.archive_unit
       set state = case when exported_at is null then 'PLANNED' when verified_at is null then 'EXPORTED'
                        when purged_at is null then 'VERIFIED' else 'PURGED' end::registry.unit_state
     where id = ${unitId} and state = 'FAILED'`;
}

function requireChange(changed: number, unitId: number, expected: string): void {
  if (changed === 1) return;
  throw new AppError('ILLEGAL_STATE', `archive unit ${unitId} is not ${expected}`);
}
