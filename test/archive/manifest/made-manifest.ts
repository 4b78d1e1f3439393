import { createHash } from 'node:crypto';
import { combinedDigest } from '../../../src/archive/manifest/combined-digest.ts';
import type { ManifestContent, ManifestFile } from '../../../src/archive/manifest/manifest.ts';
import { type ManifestBytes, manifestBytes } from '../../../src/archive/manifest/manifest-bytes.ts';
import type { Signer } from '../../../src/archive/manifest/signer.ts';
import { definitionSha256, type TableDefinition } from '../../../src/archive/source/table-definition.ts';

export function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

export const definition: TableDefinition = {
  schema: 'public',
  table: 'ledger',
  kind: 'table',
  isUnlogged: false,
  comment: null,
  columns: [
    {
      name: 'id',
      position: 1,
      type: 'bigint',
      typeName: 'pg_catalog.int8',
      typmod: -1,
      collation: null,
      notNull: true,
      default: null,
      defaultNeeds: [],
      generated: null,
      identity: null,
      comment: null,
    },
  ],
  primaryKey: ['id'],
  uniqueKeys: [['id']],
  constraints: [],
  indexes: [],
  partitioning: null,
  userTypes: [],
  serverVersion: '18.4',
  encoding: 'UTF8',
};

export const madeFile: ManifestFile = {
  table: 'public.ledger',
  records: 3,
  s3_key: 'archive/shop/public%2Eledger/year=2026/month=01/part-0001.parquet',
  bucket: 'acme-archive',
  version_id: 'v1',
  size_bytes: 10,
  sha256: sha256('file'),
  digest: sha256('lines'),
  unit: {
    mode: 'monthly',
    state: 'complete',
    parts: 1,
    rows: 3,
    digest: combinedDigest([sha256('lines')]),
    time_column: 'at',
    key_columns: ['id'],
  },
  part: 1,
  round: 1,
  text_bytes: 30,
  ranges: [
    { ordinal: 1, rows: 2, sha256: sha256('a') },
    { ordinal: 2, rows: 1, sha256: sha256('b') },
  ],
  compression: 'zstd 3',
  definition_sha256: definitionSha256(definition),
  storage_class: 'INTELLIGENT_TIERING',
  retain_until: '2036-02-01T00:00:00.000Z',
  lock_mode: 'COMPLIANCE',
  encryption: { algorithm: 'aws:kms', key_id: 'alias/archive' },
  columns: [{ name: 'id', parquet_type: 'int8', pg_type: 'bigint' }],
  spills: { id: 'id__text' },
  null_counts: [0],
};

/** What a manifest says of the one before, but which it is. */
export const madePrevious = { retain_until: '2036-02-01T00:00:00.000Z' };

/** A manifest with something in every member. */
export const madeContent: ManifestContent = {
  created_at: '2026-02-02T03:00:00.000Z',
  source: 'shop',
  sequence: 1,
  period: '2026-01',
  previous: null,
  files: [madeFile],
  definitions: { [definitionSha256(definition)]: { ...definition } },
  retention_years: 10,
  compliance: ['SOX'],
  policies: [
    {
      table: 'public.ledger',
      mode: 'monthly',
      name: 'ledgers',
      retention_years: 10,
      compliance: ['SOX'],
      classification: 'financial',
      layout: 'hive',
      purge: true,
    },
  ],
  departed: [{ table: 'public.ledger', part: 1, range: 2, round: 2, row_sha256: sha256('gone'), count: 1 }],
  deletions: [
    {
      table: 'public.ledger',
      period: '2025-12',
      round: 1,
      ranges: [{ ordinal: 1, rows: 5, sha256: sha256('c') }],
      rows: 5,
      digest: combinedDigest([sha256('c')]),
      who: 'schedule',
      when: '2026-02-02T03:00:00.000Z',
      method: 'delete',
    },
  ],
  holds: [{ table: 'public.ledger', from: '2025-01', to: null, who: 'alice', why: 'case 12', until: null }],
  settings: { TimeZone: 'UTC' },
};

/** A chain of manifests, each signed, of as many months. */
export async function madeChain(
  length: number,
  signerOfLink: (i: number) => Signer,
): Promise<readonly ManifestBytes[]> {
  const chain: ManifestBytes[] = [];
  for (let i = 0; i < length; i++) {
    const before = chain.at(-1);
    const previous =
      before === undefined
        ? null
        : { ...madePrevious, sha256: before.sha256, sequence: i, key: `_manifests/shop/${i}.json` };
    const period = `2026-${String(i + 1).padStart(2, '0')}`;
    chain.push(await manifestBytes({ ...madeContent, sequence: i + 1, period, previous }, signerOfLink(i)));
  }
  return chain;
}
