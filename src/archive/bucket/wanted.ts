import type { LifecycleRule } from '../../aws/bucket-lifecycle.ts';
import type { BucketEncryption, Replication } from '../../aws/bucket-state.ts';
import type { PolicyStatement } from '../../aws/policy.ts';
import { type ArchivedTable, type BucketDestination, keyBase } from './archived-table.ts';
import { type DataPrefix, dataPrefixes } from './data-prefix.ts';
import { manifestPrefix, ruleIdBase, wantedRules } from './wanted-lifecycle.ts';
import { replicaDuties, wantedReplication } from './wanted-replication.ts';
import { wantedStatements } from './wanted-statements.ts';

/** What the archive wants of its bucket; what others have set there besides is left to them. */
export interface WantedBucket {
  readonly bucket: string;
  readonly region: string;
  readonly encryption: BucketEncryption;
  readonly statements: readonly PolicyStatement[];
  readonly rules: readonly LifecycleRule[];
  /** Rules, of lifecycle and of replication, whose id begins with this are ours. */
  readonly ruleIdBase: string;
  readonly replication: Replication | undefined;
  /** What is locked, and how long at the most from its upload. */
  readonly locked: readonly Pick<DataPrefix, 'prefix' | 'lockDays'>[];
  /** What has to stay in STANDARD. */
  readonly manifestPrefixes: readonly string[];
  /** What a person should know, or do elsewhere. */
  readonly notes: readonly string[];
}

/** Of every table that has parts in the bucket or is to have, also of those that no policy names any more. */
export function wantedBucket(destination: BucketDestination, tables: readonly ArchivedTable[]): WantedBucket {
  const base = keyBase(destination);
  const data = dataPrefixes(destination, tables);
  const longestLockDays = Math.max(0, ...data.map(({ lockDays }) => lockDays));
  return {
    bucket: destination.bucket,
    region: destination.region,
    encryption: wantedEncryption(destination),
    statements: wantedStatements(destination),
    rules: wantedRules(base, data),
    ruleIdBase: ruleIdBase(base),
    replication: wantedReplication(destination),
    locked: [
      ...data.map(({ prefix, lockDays }) => ({ prefix, lockDays })),
      ...(data.length === 0 ? [] : [{ prefix: manifestPrefix(base), lockDays: longestLockDays }]),
    ],
    manifestPrefixes: [manifestPrefix(base), ...data.filter((one) => one.hasManifests).map(({ prefix }) => prefix)],
    notes: [...tableNotes(tables, data), ...replicaDuties(destination)],
  };
}

function wantedEncryption({ encryption }: BucketDestination): BucketEncryption {
  if (encryption.algorithm === 'AES256') return { algorithm: 'AES256' };
  // The bucket's own data key spares a request to KMS for every object.
  return { algorithm: encryption.algorithm, keyId: encryption.keyId, hasBucketKey: true };
}

function tableNotes(tables: readonly ArchivedTable[], data: readonly DataPrefix[]): readonly string[] {
  const names = tables
    .filter(({ layout }) => layout === 'hive')
    .map(({ source, schema, table }) => [source, schema, table]);
  const tableCount = new Set(names.map((name) => JSON.stringify(name))).size;
  const ruleCount = data.filter(({ hasManifests }) => !hasManifests).length;
  const notes = {
    [`${tableCount} tables share ${ruleCount} lifecycle rules: S3 takes 1,000 a bucket`]: ruleCount < tableCount,
    'layout flat: manifests lie beside the parts, so nothing there is moved to a colder class': data.some(
      ({ hasManifests }) => hasManifests,
    ),
    'parts under 128 KB are never moved to a colder class, which would cost more than it saves': data.some(
      ({ steps }) => steps.length > 0,
    ),
  };
  return Object.entries(notes).flatMap(([note, applies]) => (applies ? [note] : []));
}
