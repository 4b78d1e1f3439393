import { applyBucket } from '../../../archive/bucket/apply.ts';
import { archivedTable, type BucketDestination } from '../../../archive/bucket/archived-table.ts';
import { checkBucket } from '../../../archive/bucket/check.ts';
import { adminPolicy, trustPolicy, verifierPolicy, writerPolicy } from '../../../archive/bucket/role-policies.ts';
import { wantedBucket } from '../../../archive/bucket/wanted.ts';
import { openBucketAdmin } from '../../../aws/bucket-admin.ts';
import type { Config } from '../../../config.ts';
import type { SandboxAdmin } from '../../../sandbox/aws/admin.ts';
import type { Teller } from '../tell.ts';

export interface BucketChapter {
  readonly config: Config;
  readonly admin: SandboxAdmin;
  readonly principalArn: string;
  readonly accountId: string;
  readonly tell: Teller;
}

const adminRole = { name: 'archive-admin', externalId: 'demo-admin' };

/** Roles with the policies that we print, and the bucket as the policies want it. */
export async function setUpBucket({ config, admin, principalArn, accountId, tell }: BucketChapter): Promise<void> {
  const { archive } = config;
  if (archive === undefined) throw new Error('the demo has no archive');
  const { bucket, region, prefix, encryption } = archive.destination;
  const destination: BucketDestination = { bucket, region, prefix, encryption };
  tell.chapter('Set up the bucket: write-once, encrypted, tiered, for three roles that may each do their part');
  const roles = [
    { name: 'archive-writer', externalId: 'demo-writer', policy: writerPolicy(destination) },
    { name: 'archive-verifier', externalId: 'demo-verifier', policy: verifierPolicy(destination) },
    { ...adminRole, policy: adminPolicy(destination) },
  ];
  for (const { name, externalId, policy } of roles) {
    await admin.putRole({ accountId, name, policy, trustPolicy: trustPolicy({ principalArn, externalId }) });
  }
  const tables = archive.policies.flatMap((policy) =>
    policy.tables.map((pattern) => {
      const [schema = '', table = ''] = pattern.split('.');
      return archivedTable(policy, { schema, table });
    }),
  );
  const wanted = wantedBucket(destination, tables);
  const { s3Endpoint, stsEndpoint } = config.aws;
  const role = { arn: `arn:aws:iam::${accountId}:role/${adminRole.name}`, externalId: adminRole.externalId, region };
  await using bucketAdmin = openBucketAdmin({ s3Endpoint, stsEndpoint }, { bucket, region, role });
  const { plan } = await checkBucket({ admin: bucketAdmin, wanted });
  for (const { setting, action, text } of plan.entries) tell.line(`${action.padEnd(7)} ${setting.padEnd(20)} ${text}`);
  await applyBucket({ admin: bucketAdmin, wanted, shown: plan });
  const after = await checkBucket({ admin: bucketAdmin, wanted });
  tell.line(after.isFit ? 'applied, read back: as wanted' : 'applied, and NOT as wanted');
}
