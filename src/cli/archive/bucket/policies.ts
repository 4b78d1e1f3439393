import type { Command } from 'commander';
import type { BucketDestination } from '../../../archive/bucket/archived-table.ts';
import { configuredBucket } from '../../../archive/bucket/configured-bucket.ts';
import {
  adminPolicy,
  replicationPolicy,
  replicationTrustPolicy,
  trustPolicy,
  verifierPolicy,
  writerPolicy,
} from '../../../archive/bucket/role-policies.ts';
import type { PolicyDocument } from '../../../aws/policy.ts';
import type { Config } from '../../../config.ts';
import { printableJson } from '../../../printable.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { withArchive } from '../with-archive.ts';
import { requireConfigured } from './with-bucket.ts';

/** A role of the archive, with the documents that it is made of. */
interface RoleDocuments {
  readonly role: 'writer' | 'verifier' | 'admin' | 'replication';
  readonly arn: string | null;
  readonly purpose: string;
  readonly permissionPolicy: PolicyDocument;
  /** Null where something is missing for it: `trustMissing` says what. */
  readonly trustPolicy: PolicyDocument | null;
  readonly trustMissing: string | null;
}

export function bucketPolicies(cli: Cli): Command {
  return newCommand({
    name: 'policies',
    summary: 'print the IAM policies of the writer, the verifier and the admin of the bucket',
    description: `Prints, for each role of the archive, the least that it needs, and who may assume it. Attach the writer's policy to what the service runs as where no roles are configured; a verifier with credentials of its own makes the proof worth more.`,
    examples: ['archive bucket policies', 'archive bucket policies --json'],
  }).action(async (options: PrintOptions) => {
    const roles = await withArchive(cli, async (_, { config }) => roleDocuments(config));
    cli.print(options, roles, () => roles.map(roleText).join('\n\n'));
  });
}

function roleDocuments(config: Config): readonly RoleDocuments[] {
  const configuration = requireConfigured(config);
  const destination: BucketDestination = configuredBucket(configuration);
  const { writerRole, verifierRole, replication } = configuration.destination;
  const assumed = (name: 'writerRole' | 'verifierRole', role: typeof writerRole) =>
    trustOf(config.aws.principalArn, role, `archive.destination.${name}`);
  return [
    {
      role: 'writer',
      arn: writerRole?.arn ?? null,
      purpose: 'uploads, locks, holds and restores; deletes nothing',
      permissionPolicy: writerPolicy(destination),
      ...assumed('writerRole', writerRole),
    },
    {
      role: 'verifier',
      arn: verifierRole?.arn ?? null,
      purpose: 'reads back every version, lock and setting; writes nothing',
      permissionPolicy: verifierPolicy(destination),
      ...assumed('verifierRole', verifierRole),
    },
    {
      role: 'admin',
      arn: null,
      purpose: 'changes the settings of the bucket (archive bucket apply); sees none of its objects',
      permissionPolicy: adminPolicy(destination),
      trustPolicy: null,
      trustMissing: 'for what "archive bucket apply" is run as: no role is assumed for it',
    },
    ...(replication === undefined
      ? []
      : [
          {
            role: 'replication' as const,
            arn: replication.roleArn,
            purpose: 'S3 acts as it when it copies to the replica',
            permissionPolicy: replicationPolicy(destination),
            trustPolicy: replicationTrustPolicy(),
            trustMissing: null,
          },
        ]),
  ];
}

function trustOf(
  principalArn: string | undefined,
  role: { readonly externalId?: string | undefined } | undefined,
  setting: string,
): Pick<RoleDocuments, 'trustPolicy' | 'trustMissing'> {
  const lacking = (trustMissing: string) => ({ trustPolicy: null, trustMissing });
  if (principalArn === undefined) {
    return lacking('set aws.principalArn (BILLVAULT_AWS_PRINCIPAL_ARN) to the ARN that the service runs as');
  }
  if (role === undefined)
    return lacking(`set ${setting}.arn and ${setting}.externalId, or let the service act as itself`);
  const { externalId } = role;
  if (externalId === undefined) return lacking(`set ${setting}.externalId to a text that nobody else knows`);
  return { trustPolicy: trustPolicy({ principalArn, externalId }), trustMissing: null };
}

function roleText({ role, arn, purpose, permissionPolicy, trustPolicy: trust, trustMissing }: RoleDocuments): string {
  return [
    `${role}${arn === null ? '' : ` ${arn}`}: ${purpose}`,
    'permission policy:',
    printableJson(permissionPolicy),
    ...(trust === null ? [`trust policy: ${trustMissing}`] : ['trust policy:', printableJson(trust)]),
  ].join('\n');
}
