import assert from 'node:assert/strict';
import { S3Client, type S3ClientConfig, type S3ServiceException } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, type AssumeRoleCommandInput, STSClient } from '@aws-sdk/client-sts';
import { type SandboxAws, type SandboxAwsOptions, startSandboxAws } from '../../../src/sandbox/aws/server.ts';

export const ourAccount = '999988887777';
export const clientAccount = '111122223333';
export const bucketName = 'acme-billing';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A running stand-in with a user of ours, who may do nothing by itself, and an all-powerful one of the client's. */
export interface Fixture extends AsyncDisposable {
  readonly sandbox: SandboxAws;
  readonly us: Keys & { readonly arn: string };
  readonly owner: Keys;
  /** A client whose requests are not retried, as a test wants to see every refusal. */
  s3(credentials: Keys, config?: S3ClientConfig): S3Client;
  sts(credentials: Keys): STSClient;
}

export async function startFixture(options: SandboxAwsOptions = {}): Promise<Fixture> {
  const sandbox = await startSandboxAws(options);
  const us = await sandbox.admin.createUser({ accountId: ourAccount, name: 'billvault' });
  const owner = await sandbox.admin.createUser({
    accountId: clientAccount,
    name: 'owner',
    policy: { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
  });
  const common = { endpoint: sandbox.endpoint, region: 'us-east-1', maxAttempts: 1 };
  return {
    sandbox,
    us,
    owner,
    s3: (credentials, config) => new S3Client({ ...common, forcePathStyle: true, credentials, ...config }),
    sts: (credentials) => new STSClient({ ...common, credentials }),
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

export async function assume(
  sts: STSClient,
  input: Omit<AssumeRoleCommandInput, 'RoleSessionName'>,
): Promise<Required<Keys>> {
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleSessionName: 'test', ...input }));
  return {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
}

/** Asserts that a call is refused with this code (for HEAD, which has no document: this status) . */
export async function refused(call: Promise<unknown>, code: string | number): Promise<Error> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof Error);
    if (typeof code === 'string') assert.equal(error.name, code, error.message);
    else assert.equal((error as S3ServiceException).$metadata.httpStatusCode, code, error.message);
    return error;
  }
  return assert.fail(`was allowed, and should have been refused with ${code}`);
}

export function allow(actions: string | readonly string[], resources: string | readonly string[], condition?: unknown) {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: actions,
        Resource: resources,
        ...(condition === undefined ? {} : { Condition: condition }),
      },
    ],
  };
}

export function trust(principal: string, externalId?: string) {
  const condition = externalId === undefined ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } };
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole', ...condition }],
  };
}
