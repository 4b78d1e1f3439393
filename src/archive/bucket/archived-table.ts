import type { ReplicationRule } from '../../aws/bucket-state.ts';
import type { Encryption } from '../../registry/archive/unit-record.ts';
import type { Policy } from '../policy/policy.ts';

/** A step down by lifecycle: so many days after the upload, into this class. */
export interface StorageStep {
  readonly days: number;
  readonly storageClass: string;
}

/** A table with parts in the bucket, or to come: what the bucket's rules are made for. */
export interface ArchivedTable {
  readonly source: string;
  readonly schema: string;
  readonly table: string;
  readonly mode: 'monthly' | 'snapshot';
  readonly layout: 'hive' | 'flat';
  readonly retentionYears: number;
  /** In which parts are uploaded. */
  readonly storageClass: string;
  /** Without any: GLACIER_IR after 90 days, DEEP_ARCHIVE after 365. */
  readonly steps?: readonly StorageStep[];
  /**
   * The longest that a part stored already is locked, in days from its upload to its retain-until, rounded up. A policy
   * that has become shorter does not shorten locks.
   */
  readonly storedLockDays?: number;
}

/** A table as a policy has it archived. */
export function archivedTable(
  policy: Policy,
  { schema, table }: Pick<ArchivedTable, 'schema' | 'table'>,
): ArchivedTable {
  const { source, mode, layout, retentionYears, storageClass } = policy;
  return { source, schema, table, mode, layout, retentionYears, storageClass };
}

type ReplicaStorageClass = NonNullable<NonNullable<ReplicationRule['Destination']>['StorageClass']>;

/** Where every object goes a second time. */
export interface ReplicaTarget {
  readonly bucket: string;
  /** The role in whose name S3 replicates. */
  readonly roleArn: string;
  /** Of the replica's bucket where that is another account's: replicas are then owned there. */
  readonly account?: string;
  readonly storageClass?: ReplicaStorageClass;
  /** Of the replica's region; needed where the archive is encrypted by a KMS key. */
  readonly kmsKeyArn?: string;
}

/** The archive's bucket, as configured. */
export interface BucketDestination {
  readonly bucket: string;
  readonly region: string;
  /** Of every key; without slashes at its ends, may be empty. */
  readonly prefix: string;
  readonly encryption: Encryption;
  /** Refuse, by the bucket's policy, what a writer uploads without asking for the wanted encryption. */
  readonly refusesOtherEncryption?: boolean;
  /** Who alone may lift a GOVERNANCE lock; without any nobody may. */
  readonly bypassRoleArns?: readonly string[];
  readonly replication?: ReplicaTarget | undefined;
}

/** What every key of the archive begins with. */
export function keyBase({ prefix }: Pick<BucketDestination, 'prefix'>): string {
  return prefix === '' ? '' : `${prefix}/`;
}
