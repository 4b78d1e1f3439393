import { S3Client } from '@aws-sdk/client-s3';
import { type AwsAccess, type AwsSettings, createAwsAccess } from '../../../src/aws/access.ts';
import type { ArchiveStore } from '../../../src/aws/archive-store.ts';
import { type SandboxAws, startSandboxAws } from '../../../src/sandbox/aws/server.ts';

const account = '111122223333';
const region = 'eu-west-1';
const bucket = 'acme-archive';
export const externalId = 'external-id-of-the-archive';

/** Everything that a writer of the archive needs, and nothing else; a verifier's is the part that reads. */
export const readActions = [
  's3:GetObject',
  's3:GetObjectVersion',
  's3:GetObjectRetention',
  's3:GetObjectLegalHold',
  'kms:Decrypt',
] as const;
export const writeActions = [
  ...readActions,
  's3:PutObject',
  's3:PutObjectRetention',
  's3:PutObjectLegalHold',
  's3:AbortMultipartUpload',
  's3:RestoreObject',
  'kms:GenerateDataKey',
] as const;

/** A stand-in with a locked bucket of our own account, and roles that may do with it what a test says. */
export interface ArchiveBucket extends AsyncDisposable {
  readonly sandbox: SandboxAws;
  readonly bucket: string;
  readonly region: string;
  /** May do everything: whoever owns the account. */
  readonly owner: S3Client;
  access(settings?: AwsSettings & { readonly endpoint?: string }): AwsAccess;
  /** A store with the rights of a new role. */
  open(access: AwsAccess, actions: readonly string[], prefix?: string): Promise<ArchiveStore>;
  /** With our own identity, which is the owner's. */
  openOwn(access: AwsAccess): ArchiveStore;
}

export async function startArchiveBucket(): Promise<ArchiveBucket> {
  const sandbox = await startSandboxAws({ defaultRegion: region });
  const policy = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  const owner = await sandbox.admin.createUser({ accountId: account, name: 'owner', policy });
  await sandbox.admin.createBucket({ name: bucket, accountId: account, region, objectLock: true });
  const { accessKeyId, secretAccessKey } = owner;
  const baseCredentials = { accessKeyId, secretAccessKey };
  const s3 = new S3Client({ endpoint: sandbox.endpoint, region, credentials: baseCredentials, forcePathStyle: true });
  let roles = 0;
  return {
    sandbox,
    bucket,
    region,
    owner: s3,
    access: ({ endpoint = sandbox.endpoint, ...settings } = {}) =>
      createAwsAccess({ s3Endpoint: endpoint, stsEndpoint: sandbox.endpoint, baseCredentials, ...settings }),
    open: async (access, actions, prefix = '') => {
      roles++;
      const { arn } = await sandbox.admin.putRole({
        accountId: account,
        name: `role-${roles}`,
        trustPolicy: trust(owner.arn),
        policy: allow(['s3:ListBucket', 's3:ListBucketVersions', ...actions]),
      });
      const role = { arn, externalId, region };
      return access.openArchiveStore({ bucket, region, role, prefix, name: `test-${roles}` });
    },
    openOwn: (access) => access.openArchiveStore({ bucket, region, name: 'test' }),
    [Symbol.asyncDispose]: async () => {
      s3.destroy();
      await sandbox.close();
    },
  };
}

function trust(principal: string) {
  const Condition = { StringEquals: { 'sts:ExternalId': externalId } };
  const statement = { Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole', Condition };
  return { Version: '2012-10-17', Statement: [statement] };
}

function allow(actions: readonly string[]) {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] };
}
