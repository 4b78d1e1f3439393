import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';

/** Files at most that one reconciliation looks at; the next one looks at the rest. */
const maxInterrupted = 10_000;

/** NEW files that somebody began and nobody holds any more: their rows may be in already. */
export async function listInterrupted(registry: Registry): Promise<readonly number[]> {
  const rows = await registry.$queryRaw<{ id: bigint }[]>`
    select id from registry.file
     where status = 'NEW' and attempts > 0 and (lease_until is null or lease_until < now())
     order by id limit ${maxInterrupted}`;
  return rows.map(({ id }) => safeInteger(id));
}
