import type { ErrorCode } from '../../errors.ts';
import type { Registry } from '../registry.ts';

/** Why a plan lets nothing of a policy be done. */
export interface PolicyRefusal {
  readonly policy: string;
  readonly code: ErrorCode;
  readonly text: string;
}

/** Since `at`, which is when a plan first saw it. */
export interface RefusedPolicy extends PolicyRefusal {
  readonly source: string;
  readonly at: Date;
}

export interface PolicyRefusals {
  readonly refused: readonly PolicyRefusal[];
  /** Policies that a plan looked at and did not refuse. */
  readonly accepted: readonly string[];
  readonly at: Date;
}

/** What a plan found; only what is new is written. */
export async function recordRefusals(registry: Registry, { refused, accepted, at }: PolicyRefusals): Promise<void> {
  for (const { policy, code, text } of refused) {
    await registry.$executeRaw`
      update registry.archive_policy set refused_code = ${code}, refused_text = ${text}, refused_at = ${at}::timestamptz
       where name = ${policy} and removed_at is null and (refused_code, refused_text) is distinct from (${code}, ${text})`;
  }
  await registry.$executeRaw`
    update registry.archive_policy set refused_code = null, refused_text = null, refused_at = null
     where name = any(${[...accepted]}::text[]) and refused_at is not null`;
}

/** By name; of one source or of all. */
export async function listRefusedPolicies(registry: Registry, source?: string): Promise<readonly RefusedPolicy[]> {
  return registry.$queryRaw<RefusedPolicy[]>`
    select name as "policy", source, refused_code as "code", refused_text as "text", refused_at as "at"
      from registry.archive_policy
     where removed_at is null and refused_at is not null and (${source ?? null}::text is null or source = ${source ?? null}::text)
     order by name`;
}
