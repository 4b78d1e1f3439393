import { type AwsAccess, type AwsSettings, createAwsAccess, type OpenReader } from '../../src/aws/access.ts';
import type { BaseCredentials } from '../../src/aws/config.ts';
import type { ListedObject, ObjectReader } from '../../src/aws/object-store.ts';
import { partitionOfRegion } from '../../src/aws/partition.ts';
import { type ClientRolePolicies, clientRolePolicies } from '../../src/aws/trust-policy.ts';
import { type SandboxAws, startSandboxAws } from '../../src/sandbox/aws/server.ts';

export const clientAccount = '111122223333';
export const ourAccount = '999988887777';
export const externalId = 'external-id-of-acme';
const defaultRegion = 'eu-west-1';

/** A stand-in with one client: bucket `acme-bills`, and a role that grants us `cur/` in it by the policies that we print. */
export interface ClientBucket extends AsyncDisposable {
  readonly sandbox: SandboxAws;
  readonly user: BaseCredentials & { readonly arn: string };
  readonly bucket: string;
  readonly role: { readonly arn: string; readonly externalId: string; readonly region: string };
  readonly policies: ClientRolePolicies;
  /** Access through the stand-in, or through `endpoint` where something stands between. */
  access(settings?: AwsSettings & { readonly endpoint?: string }): AwsAccess;
  put(key: string, body: Uint8Array | string): Promise<void>;
}

interface ClientBucketOptions {
  /** Of the role, and of the bucket unless `bucketRegion` says otherwise. */
  readonly region?: string;
  readonly bucketRegion?: string;
  /** What the role grants. Default `cur/`. */
  readonly prefix?: string;
}

export async function startClientBucket(options: ClientBucketOptions = {}): Promise<ClientBucket> {
  const { region = defaultRegion, prefix = 'cur/' } = options;
  const sandbox = await startSandboxAws({ defaultRegion: region });
  const { admin } = sandbox;
  const bucket = 'acme-bills';
  const partition = partitionOfRegion(region);
  const user = await admin.createUser({ accountId: ourAccount, name: 'billvault', partition });
  const policies = clientRolePolicies({ partition, bucket, prefix, principalArn: user.arn, externalId });
  const { arn } = await admin.putRole({
    accountId: clientAccount,
    name: 'billing/reader',
    partition,
    trustPolicy: policies.trustPolicy,
    policy: policies.permissionPolicy,
  });
  await admin.createBucket({ name: bucket, accountId: clientAccount, region: options.bucketRegion ?? region });
  const { accessKeyId, secretAccessKey } = user;
  return {
    sandbox,
    user: { arn: user.arn, accessKeyId, secretAccessKey },
    bucket,
    role: { arn, externalId, region },
    policies,
    access: ({ endpoint = sandbox.endpoint, ...settings } = {}) =>
      createAwsAccess({
        s3Endpoint: endpoint,
        stsEndpoint: sandbox.endpoint,
        baseCredentials: { accessKeyId, secretAccessKey },
        ...settings,
      }),
    put: async (key, body) => void (await admin.putObject({ bucket, key, body: Buffer.from(body) })),
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

export function openCur(aws: AwsAccess, { bucket, role }: ClientBucket, prefix = 'cur/'): OpenReader {
  return aws.openReader({ role, bucket, prefix, client: 'acme', job: 'test' });
}

export async function listAll(reader: ObjectReader, prefix = 'cur/'): Promise<readonly ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const object of reader.list({ prefix })) objects.push(object);
  return objects;
}

export async function listOne(reader: ObjectReader, key: string): Promise<ListedObject> {
  const object = (await listAll(reader, key)).find((listed) => listed.key === key);
  if (!object) throw new Error(`${key} is not listed`);
  return object;
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}
