import type { Registry } from '../registry.ts';

/** What the raw database says of a file that it holds. */
export interface LoadedFact {
  readonly fileId: number;
  readonly generation: number;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * NEW → INGESTED, for the generation that was loaded and no other. The raw database has committed already, so this
 * needs no lease: whoever comes first writes what is true.
 * @returns false when the file was not waiting for this
 */
export async function markIngested(registry: Registry, fact: LoadedFact): Promise<boolean> {
  const changed = await registry.$executeRaw`
    update registry.file
       set status = 'INGESTED', ingested_at = now(), rows = ${fact.rows}, bytes = ${fact.bytes}, sha256 = ${fact.sha256},
           lease_owner = null, lease_until = null, not_before = null, error_code = null, error_text = null
     where id = ${fact.fileId} and status = 'NEW' and generation <= ${fact.generation}`;
  return changed === 1;
}
