import type { Replication, ReplicationRule } from '../../aws/bucket-state.ts';
import type { WantedBucket } from './wanted.ts';

interface Merged {
  /** undefined: none at all. */
  readonly to: Replication | undefined;
  readonly obstacle: string | undefined;
}

/** Others' rules as they are and ours as wanted; S3 has one role for all of them, and a priority for each. */
export function mergedReplication(actual: Replication | undefined, wanted: WantedBucket): Merged {
  const others = (actual?.rules ?? []).filter(({ ID = '' }) => !ID.startsWith(wanted.ruleIdBase));
  const priority = freePriority(others);
  const ours = (wanted.replication?.rules ?? []).map((rule): ReplicationRule => ({ ...rule, Priority: priority }));
  const rules = [...others, ...ours];
  if (rules.length === 0) return { to: undefined, obstacle: undefined };
  const roleArn = (others.length > 0 ? actual?.roleArn : undefined) ?? wanted.replication?.roleArn ?? '';
  const isOtherRole = wanted.replication !== undefined && roleArn !== wanted.replication.roleArn;
  return {
    to: { roleArn, rules },
    obstacle: isOtherRole
      ? `S3 has one role for all replication of a bucket, and rules that are not ours use ${roleArn}: name that role`
      : undefined,
  };
}

function freePriority(others: readonly ReplicationRule[]): number {
  const taken = new Set(others.map(({ Priority }) => Priority));
  let priority = 1;
  while (taken.has(priority)) priority += 1;
  return priority;
}
