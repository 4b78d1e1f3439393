import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRoleArn, requireSamePartition } from '../../src/aws/arn.ts';
import { partitionOfRegion } from '../../src/aws/partition.ts';

test('role ARNs of every partition are understood', () => {
  for (const partition of [
    'aws',
    'aws-us-gov',
    'aws-cn',
    'aws-iso',
    'aws-iso-b',
    'aws-iso-e',
    'aws-iso-f',
    'aws-eusc',
  ]) {
    const arn = `arn:${partition}:iam::012345678901:role/billing/exports/Reader+1=,.@-_`;
    assert.deepEqual(parseRoleArn(arn), {
      arn,
      partition,
      account: '012345678901',
      path: '/billing/exports/',
      name: 'Reader+1=,.@-_',
    });
  }
  assert.equal(parseRoleArn('arn:aws:iam::012345678901:role/reader').path, '/');
});

test('what is no role ARN is refused by its value, saying what is expected', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /expected arn:<partition>:iam::<12 digits>:role/],
    ['arn:aws:iam::12345678901:role/short', /"arn:aws:iam::12345678901:role\/short" is not the ARN of an IAM role/],
    ['arn:aws:iam::012345678901:role/', /expected arn/],
    ['arn:aws:iam::012345678901:role//double', /expected arn/],
    ['arn:aws:iam::012345678901:user/ann', /that is a user/],
    ['arn:aws:sts::012345678901:assumed-role/reader/session', /that is an assumed session/],
    ['arn:aws-moon:iam::012345678901:role/reader', /names no AWS partition: expected one of aws-cn/],
    ['arn:aws:iam::012345678901:role/reader\n', /expected arn/],
    [`arn:aws:iam::012345678901:role/${'r'.repeat(65)}`, /expected arn/],
  ];
  for (const [text, message] of refused) assert.throws(() => parseRoleArn(text), { code: 'BAD_INPUT', message }, text);
});

test('a region belongs to one partition, and a role is used only in its own', () => {
  const partitionOf = {
    'eu-west-1': 'aws',
    'ap-southeast-5': 'aws',
    'mx-central-1': 'aws',
    'cn-northwest-1': 'aws-cn',
    'us-gov-west-1': 'aws-us-gov',
    'us-iso-east-1': 'aws-iso',
    'us-isob-east-1': 'aws-iso-b',
    'eu-isoe-west-1': 'aws-iso-e',
    'us-isof-south-1': 'aws-iso-f',
    'eusc-de-east-1': 'aws-eusc',
  };
  for (const [region, partition] of Object.entries(partitionOf)) assert.equal(partitionOfRegion(region), partition);
  for (const region of ['', 'Frankfurt', 'eu_west_1', 'aws-global', 'eu-west-1.evil.example'])
    assert.throws(() => partitionOfRegion(region), { code: 'BAD_INPUT' }, region);

  const chinese = parseRoleArn('arn:aws-cn:iam::012345678901:role/reader');
  requireSamePartition(chinese, 'cn-north-1');
  assert.throws(() => requireSamePartition(chinese, 'us-east-1'), {
    code: 'BAD_INPUT',
    message: /region us-east-1 is in partition aws, but role arn:aws-cn:.* is in aws-cn/,
  });
  assert.throws(() => requireSamePartition(parseRoleArn('arn:aws:iam::012345678901:role/reader'), 'us-gov-east-1'), {
    code: 'BAD_INPUT',
  });
});
