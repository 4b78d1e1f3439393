import type { Registry } from '../registry.ts';

/** What the registry has on record under a key. */
export interface KnownObject {
  readonly kind: 'part' | 'manifest';
  readonly key: string;
  /** null: its upload is under way. */
  readonly versionId: string | null;
  readonly sha256: string;
  readonly state: string;
  readonly retainUntil: Date;
  readonly legalHold: boolean;
  /** Versions of ours that were found to be faulty, and that another one stands for. */
  readonly replacedVersions: readonly string[];
}

/** By key; what nobody knows is not in the answer. */
export async function findKnownObjects(
  registry: Registry,
  { bucket, keys }: { readonly bucket: string; readonly keys: readonly string[] },
): Promise<ReadonlyMap<string, KnownObject>> {
  const rows = await registry.$queryRaw<KnownObject[]>`
    select 'part' as "kind", key, version_id as "versionId", sha256, state::text as "state",
           retain_until as "retainUntil", legal_hold as "legalHold",
           array(select r.version_id from registry.archive_replacement r
                  where r.part_id = p.id and r.version_id is not null) as "replacedVersions"
      from registry.archive_part p where bucket = ${bucket} and key = any(${[...keys]}::text[])
    union all
    select 'manifest', key, version_id, sha256, state::text, retain_until, legal_hold, '{}'
      from registry.archive_manifest where bucket = ${bucket} and key = any(${[...keys]}::text[])`;
  return new Map(rows.map((row) => [row.key, row]));
}
