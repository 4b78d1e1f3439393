import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBucket } from '../../../src/archive/bucket/check.ts';
import { openConfiguredBucket } from '../../../src/archive/bucket/configured-bucket.ts';
import { verifierPolicy } from '../../../src/archive/bucket/role-policies.ts';
import { account, destination, region, startAppliedBucket } from './archive-bucket.ts';

const externalId = 'external-id-of-the-verifier';

test('settings that the service may not see itself are read as the verifier, whose printed policy is enough; none is changed so', async () => {
  await using world = await startAppliedBucket();
  const { sandbox, wanted } = world;
  const service = await sandbox.admin.createUser({
    accountId: account,
    name: 'service',
    policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }] },
  });
  const Condition = { StringEquals: { 'sts:ExternalId': externalId } };
  const trust = { Effect: 'Allow', Principal: { AWS: service.arn }, Action: 'sts:AssumeRole', Condition };
  const { arn } = await sandbox.admin.putRole({
    accountId: account,
    name: 'verifier',
    trustPolicy: { Version: '2012-10-17', Statement: [trust] },
    policy: verifierPolicy(destination),
  });
  const { accessKeyId, secretAccessKey } = service;
  const aws = { stsEndpoint: sandbox.endpoint, baseCredentials: { accessKeyId, secretAccessKey } };
  const { bucket, prefix } = destination;
  const encryption = { algorithm: 'AES256', required: true } as const;
  const common = {
    bucket,
    region,
    prefix,
    endpoint: sandbox.endpoint,
    encryption,
    formerPrefixes: [],
    bypassRoles: [],
  };
  await using alone = openConfiguredBucket({ destination: common }, aws);
  assert.equal((await checkBucket({ admin: alone, wanted })).isFit, false, 'it sees nothing itself');
  await using admin = openConfiguredBucket({ destination: { ...common, verifierRole: { arn, externalId } } }, aws);
  const { isFit, plan } = await checkBucket({ admin, wanted });
  assert.ok(isFit, JSON.stringify(plan.entries));
  await assert.rejects(admin.change({ setting: 'versioning' }), { code: 'ACCESS_DENIED' });
});
