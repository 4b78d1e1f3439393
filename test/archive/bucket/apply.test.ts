import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DeletePublicAccessBlockCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { applyBucket } from '../../../src/archive/bucket/apply.ts';
import { checkBucket } from '../../../src/archive/bucket/check.ts';
import { planBucket } from '../../../src/archive/bucket/plan.ts';
import { planText } from '../../../src/archive/bucket/plan-text.ts';
import { wantedBucket } from '../../../src/archive/bucket/wanted.ts';
import { type BucketSetting, bucketSettings } from '../../../src/aws/bucket-state.ts';
import { charges, destination, events, region, startAppliedBucket, startArchiveBucket } from './archive-bucket.ts';

const Bucket = destination.bucket;
const replicaRole = 'arn:aws:iam::111122223333:role/replicates';

test('a bucket that does not exist is planned, made as planned, and then found fit', async () => {
  await using world = await startArchiveBucket();
  await using admin = world.open();
  const wanted = wantedBucket(destination, [charges, events]);
  const shown = await checkBucket({ admin, wanted });
  assert.equal(shown.isFit, false);
  const withoutReplication = bucketSettings.filter((setting) => setting !== 'replication');
  const toSet = shown.plan.entries.filter(({ action }) => action === 'set').map(({ setting }) => setting);
  assert.deepEqual(toSet, withoutReplication);
  assert.match(planText(shown.plan), /set {9}bucket: [^\n]+\n {6}\+ in eu-west-1\n/);

  const { outcomes, after } = await applyBucket({ admin, wanted, shown: shown.plan });
  assert.deepEqual(
    outcomes,
    withoutReplication.map((setting) => ({ setting, outcome: 'done' })),
  );
  assert.ok(
    after.entries.every(({ action }) => action === 'ok'),
    planText(after),
  );
  assert.equal((await checkBucket({ admin, wanted })).isFit, true);
  const again = await applyBucket({ admin, wanted });
  assert.deepEqual(again.outcomes, []);
});

const drifts: readonly {
  readonly setting: BucketSetting;
  readonly drift: (s3: S3Client) => Promise<unknown>;
  readonly shown: RegExp;
}[] = [
  {
    setting: 'encryption',
    drift: (s3) =>
      s3.send(
        new PutBucketEncryptionCommand({
          Bucket,
          ServerSideEncryptionConfiguration: {
            Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'theirs' } }],
          },
        }),
      ),
    shown: /- aws:kms by theirs, without a bucket key\n\s+\+ AES256/,
  },
  {
    setting: 'ownership',
    drift: (s3) =>
      s3.send(
        new PutBucketOwnershipControlsCommand({
          Bucket,
          OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
        }),
      ),
    shown: /- ObjectWriter\n\s+\+ BucketOwnerEnforced/,
  },
  {
    setting: 'policy',
    drift: (s3) =>
      s3.send(
        new PutBucketPolicyCommand({
          Bucket,
          Policy: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              {
                Sid: 'Theirs',
                Effect: 'Allow',
                Principal: { AWS: 'arn:aws:iam::444455556666:root' },
                Action: ['s3:GetObject'],
                Resource: `arn:aws:s3:::${Bucket}/shared/*`,
              },
            ],
          }),
        }),
      ),
    shown: /\+ .*"aws:SecureTransport":"false"/,
  },
  {
    setting: 'publicAccess',
    drift: (s3) => s3.send(new DeletePublicAccessBlockCommand({ Bucket })),
    shown: /\+ refuses public policies/,
  },
  {
    setting: 'lifecycle',
    drift: (s3) =>
      s3.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket,
          LifecycleConfiguration: {
            Rules: [
              { ID: 'theirs', Status: 'Enabled', Filter: { Prefix: 'elsewhere/' }, Expiration: { Days: 30 } },
              { ID: 'off', Status: 'Disabled', Filter: { Prefix: '' }, Expiration: { Days: 3 } },
            ],
          },
        }),
      ),
    shown:
      /\+ archive\/ledger\/public\.charges\/: rule [^,]+, to GLACIER_IR after 90 days, to DEEP_ARCHIVE after 365 days, expires after 3654 days/,
  },
];

for (const { setting, drift, shown } of drifts) {
  test(`a drift of ${setting} is shown as a difference of that setting alone, and put right`, async () => {
    await using world = await startAppliedBucket();
    await using admin = world.open();
    await drift(world.s3());
    const { plan, isFit } = await checkBucket({ admin, wanted: world.wanted });
    assert.equal(isFit, false);
    assert.deepEqual(
      plan.entries.filter(({ action }) => action !== 'ok').map((entry) => entry.setting),
      [setting],
    );
    assert.match(planText(plan), shown);
    await applyBucket({ admin, wanted: world.wanted, shown: plan });
    assert.equal((await checkBucket({ admin, wanted: world.wanted })).isFit, true);
  });
}

test('rules and statements of others survive an application to the letter', async () => {
  await using world = await startAppliedBucket();
  await using admin = world.open();
  for (const { drift, setting } of drifts) if (setting === 'policy' || setting === 'lifecycle') await drift(world.s3());
  await applyBucket({ admin, wanted: world.wanted });
  const state = await admin.read();
  assert.ok(state.lifecycle.seen && state.policy.seen);
  const theirs = state.lifecycle.value?.rules.filter(({ id }) => !id.startsWith('billvault-'));
  assert.deepEqual(theirs, [
    { id: 'theirs', isEnabled: true, filter: { prefix: 'elsewhere/' }, expiration: { days: 30 } },
    { id: 'off', isEnabled: false, filter: { prefix: '' }, expiration: { days: 3 } },
  ]);
  assert.match(state.policy.value ?? '', /"Sid":"Theirs".*"Action":\["s3:GetObject"\].*"BillvaultTlsOnly"/);
});

test('a bucket made without Object Lock, or with suspended versioning, gets both', async () => {
  await using world = await startArchiveBucket();
  await world.sandbox.admin.createBucket({ name: Bucket, accountId: '111122223333', region });
  const VersioningConfiguration = { Status: 'Suspended' } as const;
  await world.s3().send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  await using admin = world.open();
  const wanted = wantedBucket(destination, [charges]);
  const { plan } = await checkBucket({ admin, wanted });
  assert.match(planText(plan), /- Suspended\n\s+\+ Enabled/);
  assert.match(planText(plan), /! versioning: versioning is suspended/);
  await applyBucket({ admin, wanted });
  assert.equal((await checkBucket({ admin, wanted })).isFit, true);
});

test('a plan that was shown is not applied to a bucket that has changed since', async () => {
  await using world = await startAppliedBucket();
  await using admin = world.open();
  const { plan } = await checkBucket({ admin, wanted: world.wanted });
  await world.s3().send(new DeletePublicAccessBlockCommand({ Bucket }));
  await assert.rejects(applyBucket({ admin, wanted: world.wanted, shown: plan }), { code: 'CONFLICT' });
  assert.equal((await checkBucket({ admin, wanted: world.wanted })).isFit, false);
});

test("replication is set with the bucket's own rules, others' are kept, and ours goes when it is not wanted any more", async () => {
  const replication = { bucket: 'acme-replica', roleArn: replicaRole };
  const wishes = { ...destination, replication };
  await using world = await startAppliedBucket([charges], wishes);
  await using admin = world.open();
  const { plan, isFit } = await checkBucket({ admin, wanted: world.wanted });
  assert.ok(isFit, planText(plan));
  assert.match(planText(plan), /replica acme-replica: it needs versioning and Object Lock/);
  const state = await admin.read();
  const ours = state.replication.seen ? state.replication.value?.rules[0] : undefined;
  assert.equal(ours?.DeleteMarkerReplication?.Status, 'Disabled');
  assert.equal(ours?.Destination?.Bucket, 'arn:aws:s3:::acme-replica');

  const theirs = {
    ID: 'theirs',
    Priority: 1,
    Status: 'Enabled',
    Filter: { Prefix: 'elsewhere/' },
    DeleteMarkerReplication: { Status: 'Enabled' },
    Destination: { Bucket: 'arn:aws:s3:::another' },
  } as const;
  const ReplicationConfiguration = { Role: replicaRole, Rules: [theirs] };
  await world.s3().send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration }));
  const { after } = await applyBucket({ admin, wanted: world.wanted });
  assert.deepEqual(after.entries.at(-1)?.action, 'ok');
  const merged = await admin.read();
  const rules = merged.replication.seen ? merged.replication.value?.rules : [];
  assert.deepEqual(
    rules?.map((rule) => rule.Priority),
    [1, 2],
  );
  assert.match(planText(after), /replication rule "theirs" replicates delete markers/);

  const unwanted = wantedBucket(destination, [charges]);
  await applyBucket({ admin, wanted: unwanted });
  const left = await admin.read();
  assert.deepEqual(left.replication.seen ? left.replication.value?.rules.map(({ ID }) => ID) : [], ['theirs']);
});

test('what may not be read is never set, and keeps a bucket from being found fit', async () => {
  await using world = await startAppliedBucket();
  const limited = await world.sandbox.admin.createUser({
    accountId: '111122223333',
    name: 'limited',
    policy: {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 's3:*', Resource: '*' },
        { Effect: 'Deny', Action: ['s3:GetLifecycleConfiguration', 's3:GetBucketVersioning'], Resource: '*' },
      ],
    },
  });
  await using admin = world.open(limited);
  const { plan, isFit } = await checkBucket({ admin, wanted: wantedBucket(destination, [charges]) });
  assert.equal(isFit, false);
  const hidden = plan.entries.filter(({ action }) => action === 'not visible');
  assert.deepEqual(
    hidden.map(({ setting, text, change }) => [setting, text, change]),
    [
      ['versioning', 'reading it needs s3:GetBucketVersioning', undefined],
      ['lifecycle', 'reading it needs s3:GetLifecycleConfiguration', undefined],
    ],
  );
});

test('a refused change is told with its permission, what relies on it is left out, and all else is done', async () => {
  await using world = await startArchiveBucket();
  await world.sandbox.admin.createBucket({ name: Bucket, accountId: '111122223333', region });
  const limited = await world.sandbox.admin.createUser({
    accountId: '111122223333',
    name: 'limited',
    policy: {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 's3:*', Resource: '*' },
        { Effect: 'Deny', Action: 's3:PutBucketVersioning', Resource: '*' },
      ],
    },
  });
  await using admin = world.open(limited);
  const { outcomes, after } = await applyBucket({ admin, wanted: wantedBucket(destination, [charges]) });
  const [versioning] = outcomes;
  assert.ok(versioning?.outcome === 'failed');
  assert.equal(versioning.error.code, 'ACCESS_DENIED');
  assert.match(versioning.error.message, /s3:PutBucketVersioning on bucket acme-archive: access denied/);
  assert.deepEqual(
    outcomes.slice(1).map(({ setting, outcome }) => [setting, outcome]),
    [
      ['objectLock', 'left out'],
      ['ownership', 'done'],
      ['policy', 'done'],
      ['publicAccess', 'done'],
      ['lifecycle', 'left out'],
    ],
  );
  assert.deepEqual(
    after.entries.filter(({ action }) => action === 'set').map(({ setting }) => setting),
    ['versioning', 'objectLock', 'lifecycle'],
  );
});

test('a bucket in another region is named, and nothing in it is touched', async () => {
  await using world = await startArchiveBucket();
  await world.sandbox.admin.createBucket({ name: Bucket, accountId: '111122223333', region: 'us-west-2' });
  await using admin = world.open();
  const wanted = wantedBucket(destination, [charges]);
  const state = await admin.read();
  const [entry] = planBucket(state, wanted).entries;
  assert.deepEqual([entry?.action, entry?.actual, entry?.wanted], ['cannot', ['in us-west-2'], ['in eu-west-1']]);
  const { outcomes } = await applyBucket({ admin, wanted });
  assert.ok(outcomes.length > 0 && outcomes.every(({ outcome }) => outcome === 'left out'));
});

test('what a bucket holds cannot act on the terminal that shows its plan', async () => {
  await using world = await startAppliedBucket();
  const Rules = [
    { ID: 'a\u202eb', Status: 'Enabled', Filter: { Prefix: 'x\u001b[2J' }, Expiration: { Days: 3 } },
  ] as const;
  const LifecycleConfiguration = { Rules: Rules.map((rule) => ({ ...rule })) };
  await world.s3().send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
  await using admin = world.open();
  const wanted = wantedBucket({ ...destination, prefix: 'x' }, [charges]);
  const text = planText((await checkBucket({ admin, wanted })).plan);
  assert.match(text, /a\\u202eb/);
  assert.ok(!text.includes('\u001b') && !text.includes('\u202e'));
});
