import { type AwsAccess, type AwsSettings, createAwsAccess, type OpenReader } from '../../src/aws/access.ts';
import type { BaseCredentials } from '../../src/aws/config.ts';
import type { ListedObject, ObjectReader } from '../../src/aws/object-store.ts';
import { type ClientRolePolicies, clientRolePolicies } from '../../src/aws/trust-policy.ts';
import { type SandboxAws, startSandboxAws } from '../../src/sandbox/aws/server.ts';

export const clientAccount = '111122223333';
export const ourAccount = '999988887777';
export const externalId = 'external-id-of-acme';
export const region = 'eu-west-1';

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

export async function startClientBucket(options: { readonly bucketRegion?: string } = {}): Promise<ClientBucket> {
  const sandbox = await startSandboxAws({ defaultRegion: region });
  const { admin } = sandbox;
  const bucket = 'acme-bills';
  const user = await admin.createUser({ accountId: ourAccount, name: 'billvault' });
  const policies = clientRolePolicies({ partition: 'aws', bucket, prefix: 'cur/', principalArn: user.arn, externalId });
  const { arn } = await admin.putRole({
    accountId: clientAccount,
    name: 'billing/reader',
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
