import { S3Client } from '@aws-sdk/client-s3';
import { applyBucket } from '../../../src/archive/bucket/apply.ts';
import type { ArchivedTable, BucketDestination } from '../../../src/archive/bucket/archived-table.ts';
import { type WantedBucket, wantedBucket } from '../../../src/archive/bucket/wanted.ts';
import { type BucketAdmin, openBucketAdmin } from '../../../src/aws/bucket-admin.ts';
import type { BaseCredentials } from '../../../src/aws/config.ts';
import { type SandboxAws, startSandboxAws } from '../../../src/sandbox/aws/server.ts';

export const account = '111122223333';
export const region = 'eu-west-1';

export const destination: BucketDestination = {
  bucket: 'acme-archive',
  region,
  prefix: 'archive',
  encryption: { algorithm: 'AES256' },
};

export const charges: ArchivedTable = {
  source: 'ledger',
  schema: 'public',
  table: 'charges',
  mode: 'monthly',
  layout: 'hive',
  retentionYears: 10,
  storageClass: 'INTELLIGENT_TIERING',
};
export const events: ArchivedTable = { ...charges, table: 'events', retentionYears: 7 };

/** A stand-in with an account that has no bucket yet, and its owner, who may do everything. */
export interface ArchiveBucket extends AsyncDisposable {
  readonly sandbox: SandboxAws;
  readonly owner: BaseCredentials & { readonly arn: string };
  /** The owner's hand on the bucket, or that of `credentials`. */
  open(credentials?: BaseCredentials): BucketAdmin;
  s3(credentials?: BaseCredentials): S3Client;
}

export async function startArchiveBucket(): Promise<ArchiveBucket> {
  const sandbox = await startSandboxAws({ defaultRegion: region });
  const owner = await sandbox.admin.createUser({
    accountId: account,
    name: 'owner',
    policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
  });
  const common = { endpoint: sandbox.endpoint, region, forcePathStyle: true, maxAttempts: 1 };
  return {
    sandbox,
    owner,
    open: ({ accessKeyId, secretAccessKey } = owner) =>
      openBucketAdmin(
        {
          s3Endpoint: sandbox.endpoint,
          stsEndpoint: sandbox.endpoint,
          baseCredentials: { accessKeyId, secretAccessKey },
        },
        { bucket: destination.bucket, region },
      ),
    s3: (credentials = owner) => new S3Client({ ...common, credentials: { ...credentials } }),
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

/** A bucket as the archive wants it for these tables. */
export async function startAppliedBucket(
  tables: readonly ArchivedTable[] = [charges, events],
  wishes: BucketDestination = destination,
): Promise<ArchiveBucket & { readonly wanted: WantedBucket }> {
  const started = await startArchiveBucket();
  const wanted = wantedBucket(wishes, tables);
  await using admin = started.open();
  await applyBucket({ admin, wanted });
  return { ...started, wanted };
}
