import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { Finding, FindingCode } from '../../../src/ingest/preflight/finding.ts';
import { preflight } from '../../../src/ingest/preflight/preflight.ts';
import {
  type ClientBucket,
  clientAccount,
  externalId,
  ourAccount,
  startClientBucket,
} from '../../aws/client-bucket.ts';

const month = 'cur/bills/20251201-20260101';
const allWell: readonly FindingCode[] = [
  'ROLE_ASSUMED',
  'EXTERNAL_ID_REQUIRED',
  'WRONG_EXTERNAL_ID_REFUSED',
  'PREFIX_LISTED',
  'EXPORT_FOUND',
  'OBJECT_READ',
];

let client: ClientBucket;

beforeEach(async () => {
  client = await startClientBucket();
});
afterEach(() => client[Symbol.asyncDispose]());

async function run(more: { readonly prefix?: string; readonly bucket?: string; readonly now?: Date } = {}) {
  const aws = client.access();
  try {
    const { role, bucket } = client;
    return await preflight({ aws, role, bucket, prefix: 'cur/', client: 'acme', now: new Date(), ...more });
  } finally {
    aws.close();
  }
}

function codes(findings: readonly Finding[]): readonly FindingCode[] {
  return findings.map(({ code }) => code);
}

async function putExport(name = 'bills', more: object = {}): Promise<void> {
  const folder = `cur/${name}/20251201-20260101`;
  const manifest = {
    assemblyId: '20251205T100631Z',
    account: clientAccount,
    reportName: name,
    billingPeriod: { start: '20251201T000000.000Z', end: '20260101T000000.000Z' },
    bucket: client.bucket,
    compression: 'GZIP',
    contentType: 'text/csv',
    reportKeys: [`${folder}/20251205T100631Z/${name}-00001.csv.gz`],
    columns: [],
    ...more,
  };
  await client.put(`${folder}/20251205T100631Z/${name}-00001.csv.gz`, 'data');
  await client.put(`${folder}/${name}-Manifest.json`, JSON.stringify(manifest));
}

/** The role with another trust or permission policy than the one that we print. */
async function changeRole(change: { readonly trust?: object; readonly policy?: readonly object[] }): Promise<void> {
  const { admin } = client.sandbox;
  const { trust, policy } = change;
  const [, name = ''] = client.role.arn.split(':role/');
  await admin.putRole({
    accountId: clientAccount,
    name,
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: client.user.arn },
          Action: 'sts:AssumeRole',
          ...(trust ?? { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
        },
      ],
    },
    policy: {
      Version: '2012-10-17',
      Statement: policy ?? [{ Effect: 'Allow', Action: ['s3:*', 'kms:*'], Resource: '*' }],
    },
  });
}

test('an export set up by the policies that we print has nothing to complain about', async () => {
  await putExport();
  const findings = await run();
  assert.deepEqual(codes(findings), allWell);
  assert.ok(findings.every(({ severity }) => severity === 'ok'));
});

test('a role that anybody can assume is an error, and so is one that takes any external ID', async () => {
  await putExport();
  await changeRole({ trust: {} });
  const open = await run();
  assert.deepEqual(
    open.filter(({ severity }) => severity === 'error').map(({ code }) => code),
    ['ASSUMABLE_WITHOUT_EXTERNAL_ID', 'ASSUMABLE_WITH_WRONG_EXTERNAL_ID'],
  );
  assert.match(open[1]?.advice ?? '', /StringEquals on sts:ExternalId/);

  await changeRole({ trust: { Condition: { StringLike: { 'sts:ExternalId': '*' } } } });
  assert.deepEqual(codes(await run()).slice(0, 3), [
    'ROLE_ASSUMED',
    'EXTERNAL_ID_REQUIRED',
    'ASSUMABLE_WITH_WRONG_EXTERNAL_ID',
  ]);
});

test('a role that does not trust us or has another external ID stops the preflight', async () => {
  await changeRole({ trust: { Condition: { StringEquals: { 'sts:ExternalId': 'another' } } } });
  const [refused, ...others] = await run();
  assert.equal(refused?.code, 'EXTERNAL_ID_REFUSED');
  assert.match(refused?.advice ?? '', /exactly this external ID/);
  assert.deepEqual(others, []);
});

test('our own broken credentials are not blamed on the client', async () => {
  const aws = client.access({ baseCredentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' } });
  const { role, bucket } = client;
  const findings = await preflight({ aws, role, bucket, prefix: 'cur/', client: 'acme', now: new Date() });
  assert.deepEqual(codes(findings), ['CREDENTIAL_ERROR']);
  aws.close();
});

test('a denied listing, a denied read and a missing bucket are told apart', async () => {
  await putExport();
  await changeRole({ policy: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }] });
  assert.equal((await run()).at(-1)?.code, 'LIST_DENIED');
  await changeRole({ policy: [{ Effect: 'Allow', Action: 's3:ListBucket', Resource: '*' }] });
  assert.equal((await run()).at(-1)?.code, 'GET_DENIED');
  await changeRole({});
  assert.equal((await run({ bucket: 'no-such-bills' })).at(-1)?.code, 'BUCKET_NOT_FOUND');
});

test('an encrypted export without kms:Decrypt is KMS_DENIED', async () => {
  await putExport();
  const kmsKeyId = 'arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555';
  const key = `${month}/20251205T100631Z/bills-00001.csv.gz`;
  await client.sandbox.admin.putObject({ bucket: client.bucket, key, body: Buffer.from('data'), kmsKeyId });
  await changeRole({ policy: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] });
  const denied = (await run()).at(-1);
  assert.equal(denied?.code, 'KMS_DENIED');
  assert.match(denied?.advice ?? '', /kms:Decrypt, both in the role's policy and in the key's own policy/);
});

test('a bucket in another region is only information', async () => {
  await client[Symbol.asyncDispose]();
  client = await startClientBucket({ bucketRegion: 'us-west-2' });
  await putExport();
  const findings = await run();
  assert.deepEqual(
    codes(findings).filter((code) => !allWell.includes(code)),
    ['BUCKET_IN_OTHER_REGION'],
  );
  assert.match(findings.find(({ severity }) => severity === 'info')?.message ?? '', /is in us-west-2/);
});

test('an empty prefix, files without a manifest and files of no known format are told apart', async () => {
  assert.equal((await run()).at(-1)?.code, 'PREFIX_EMPTY');
  await client.put(`${month}/readme.docx`, 'x');
  assert.ok(codes(await run()).includes('FORMAT_UNSUPPORTED'));
  await client.put(`${month}/bills-00001.csv.gz`, 'x');
  assert.ok(codes(await run()).includes('NO_MANIFEST'));
});

test('a manifest that cannot be read, lists what is not there, or is old makes the export unhealthy', async () => {
  await client.put(`${month}/bills-Manifest.json`, '{"half":');
  assert.ok((await run()).some(({ code, message }) => code === 'EXPORT_UNHEALTHY' && /is not JSON/.test(message)));
  await putExport('bills', { reportKeys: [`${month}/gone-1.csv.gz`, `${month}/gone-2.csv.gz`] });
  assert.ok((await run()).some(({ code, message }) => code === 'EXPORT_UNHEALTHY' && /2 of 2 files/.test(message)));
  await putExport();
  const later = await run({ now: new Date(Date.now() + 10 * 86_400_000) });
  const quiet = later.find(({ code }) => code === 'EXPORT_UNHEALTHY');
  assert.equal(quiet?.severity, 'warning');
  assert.match(quiet?.message ?? '', /nothing was delivered for 10 days/);
});

test('two exports of one payer are the same money twice, and said to be', async () => {
  await putExport('bills');
  await putExport('bills-again');
  const overlap = (await run()).find(({ code }) => code === 'EXPORTS_OVERLAP');
  assert.equal(overlap?.severity, 'warning');
  assert.match(overlap?.message ?? '', new RegExp(`payer ${clientAccount} is billed in 2 exports`));
  assert.notEqual(clientAccount, ourAccount);
});
