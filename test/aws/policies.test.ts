import assert from 'node:assert/strict';
import { test } from 'node:test';
import { denyAllSessionPolicy, readSessionPolicy } from '../../src/aws/session-policy.ts';
import { clientRolePolicies } from '../../src/aws/trust-policy.ts';

const scope = { partition: 'aws', bucket: 'acme-bills', prefix: 'exports/cur2/' } as const;

test('a session policy allows the one prefix of the one bucket, and nothing else', () => {
  assert.deepEqual(JSON.parse(readSessionPolicy({ ...scope, bucketRegion: 'eu-west-1' })), {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: 'arn:aws:s3:::acme-bills',
        Condition: { StringLike: { 's3:prefix': 'exports/cur2/*' } },
      },
      { Effect: 'Allow', Action: 's3:GetBucketLocation', Resource: 'arn:aws:s3:::acme-bills' },
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:GetObjectVersion'],
        Resource: 'arn:aws:s3:::acme-bills/exports/cur2/*',
      },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: '*',
        Condition: { StringLike: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' } },
      },
    ],
  });
});

test('the policies of other partitions name their own ARNs and services', () => {
  const chinese = readSessionPolicy({ ...scope, partition: 'aws-cn' });
  assert.match(chinese, /"arn:aws-cn:s3:::acme-bills\/exports/);
  assert.match(chinese, /"s3\.\*\.amazonaws\.com\.cn"/);
  assert.doesNotMatch(chinese, /arn:aws:/);
});

test('wildcards and variables in a prefix are taken literally', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an IAM policy variable, not a template
  const policy = readSessionPolicy({ ...scope, prefix: 'a*b?c${aws:username}/' });
  assert.match(policy, /"arn:aws:s3:::acme-bills\/a\$\{\*\}b\$\{\?\}c\$\{\$\}\{aws:username\}\/\*"/);
});

test('without a prefix the whole bucket may be listed, also by a request that names none', () => {
  const [list] = JSON.parse(readSessionPolicy({ ...scope, prefix: '' })).Statement;
  assert.equal(list.Condition, undefined);
});

test('a prefix that makes the policy longer than STS takes is refused before STS is asked', () => {
  assert.throws(() => readSessionPolicy({ ...scope, prefix: 'p'.repeat(900) }), {
    code: 'BAD_INPUT',
    message: /has 2\d{3} characters and STS takes 2048: register a shorter prefix/,
  });
});

test("a probe's session may do nothing", () => {
  assert.deepEqual(JSON.parse(denyAllSessionPolicy()).Statement, [{ Effect: 'Deny', Action: '*', Resource: '*' }]);
});

test('the policies to hand to a client trust our principal with this external ID only', () => {
  const principalArn = 'arn:aws:iam::999988887777:role/billvault';
  const kmsKeyArn = 'arn:aws:kms:eu-west-1:111122223333:key/1';
  const policies = clientRolePolicies({ ...scope, principalArn, externalId: 'secret-of-acme', kmsKeyArn });
  assert.deepEqual(policies.trustPolicy.Statement, [
    {
      Sid: 'BillvaultAssumes',
      Effect: 'Allow',
      Principal: { AWS: principalArn },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': 'secret-of-acme' } },
    },
  ]);
  const decrypt = policies.permissionPolicy.Statement.find(({ Action }) => Action === 'kms:Decrypt');
  assert.equal(decrypt?.Resource, kmsKeyArn);
});
