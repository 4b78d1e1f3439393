import type { LifecycleRule } from '../../aws/bucket-lifecycle.ts';
import { type BucketSetting, type BucketState, type DefaultRetention, seenValue } from '../../aws/bucket-state.ts';
import { isOwn, opens, parseBucketPolicy, statementLines } from './bucket-policy.ts';
import { dueText, filterText, lifecycleLines, ruleLines } from './describe.ts';
import { daysOfYears } from './lock-days.ts';
import type { WantedBucket } from './wanted.ts';

/** Something that a setting of the bucket does against the archive (`danger`), or that is worth knowing (`note`). */
export interface Finding {
  readonly setting: BucketSetting;
  readonly severity: 'danger' | 'note';
  readonly text: string;
}

/** What contradicts the archive in the bucket as it is: found in others' settings as well as in ours that were changed. */
export function findContradictions(state: BucketState, wanted: WantedBucket): readonly Finding[] {
  return [
    ...ofVersioning(state),
    ...ofDefaultRetention(state, wanted),
    ...ofPolicy(state),
    ...(seenValue(state.lifecycle)?.rules ?? [])
      .filter((rule) => rule.isEnabled)
      .flatMap((rule) => ofRule(rule, wanted).map((finding) => ({ setting: 'lifecycle' as const, ...finding }))),
    ...ofReplication(state, wanted),
    ...keptOfOthers(state, wanted),
  ];
}

function ofVersioning(state: BucketState): readonly Finding[] {
  if (seenValue(state.versioning) !== 'Suspended') return [];
  const text = 'versioning is suspended: what is uploaded now replaces what was there, and cannot be locked';
  return [{ setting: 'versioning', severity: 'danger', text }];
}

/** Parts carry their own retention, which stands above the bucket's; so this is no fault, but no protection either. */
function ofDefaultRetention(state: BucketState, { locked }: WantedBucket): readonly Finding[] {
  const retention = seenValue(state.objectLock)?.defaultRetention;
  if (retention === undefined) return [];
  const longest = Math.max(0, ...locked.map(({ lockDays }) => lockDays));
  const days = retentionDays(retention);
  const relation = days < longest ? 'shorter than' : days > longest ? 'longer than' : 'as long as';
  const text = `the bucket locks by default for ${retentionText(retention)} from the upload (${retention.mode}), ${relation} the policies' ${longest} days: parts carry a lock of their own, so it is kept, and matters to other objects only`;
  return [{ setting: 'objectLock', severity: 'note', text }];
}

function ofPolicy(state: BucketState): readonly Finding[] {
  const text = seenValue(state.policy);
  const statements = text === undefined ? [] : (parseBucketPolicy(text)?.statements ?? []);
  return statements.flatMap((statement, i): readonly Finding[] => {
    const opened = isOwn(statement) ? 'nobody' : opens(statement);
    if (opened === 'nobody') return [];
    const name = typeof statement['Sid'] === 'string' ? `"${statement['Sid']}"` : `number ${i + 1}`;
    const isOpen = opened === 'everybody';
    const advice = isOpen ? 'take it out by hand' : 'make sure that its conditions are narrow';
    const finding = `statement ${name} of the bucket's policy allows ${opened}: ${advice}`;
    return [{ setting: 'policy', severity: isOpen ? 'danger' : 'note', text: finding }];
  });
}

function ofRule(rule: LifecycleRule, wanted: WantedBucket): readonly Omit<Finding, 'setting'>[] {
  // No object of ours has a tag, so such a rule meets none.
  if (rule.filter.tags !== undefined) return [];
  const name = rule.id === '' ? `the rule for ${filterText(rule.filter)}` : `rule "${rule.id}"`;
  const { locked, manifestPrefixes } = wanted;
  const met = locked.filter(({ prefix }) => mayMeet(rule.filter.prefix, prefix));
  const hidden = met.filter(({ lockDays }) => mayHide(rule, lockDays));
  const cooled = isCooling(rule) ? manifestPrefixes.filter((prefix) => mayMeet(rule.filter.prefix, prefix)) : [];
  const isOfOthers = !rule.id.startsWith(wanted.ruleIdBase);
  return [
    ...hidden.slice(0, 1).map(({ prefix, lockDays }) => ({
      severity: 'danger' as const,
      text: `${name} expires ${dueText(rule.expiration ?? { days: 0 })} what is locked for up to ${lockDays} days (${prefix}${others(hidden)}): S3 would hide it behind a delete marker while its lock lasts`,
    })),
    ...cooled.slice(0, 1).map((prefix) => ({
      severity: 'danger' as const,
      text: `${name} moves manifests (${prefix}) to another storage class: they have to stay readable, in STANDARD`,
    })),
    ...(isOfOthers && cooled.length === 0 && met.length > 0 && isCooling(rule)
      ? [{ severity: 'note' as const, text: `${name} is not ours and moves archived parts to another storage class` }]
      : []),
    ...(isOfOthers && met.some(({ lockDays }) => (rule.noncurrentExpiration?.days ?? lockDays) < lockDays)
      ? [
          {
            severity: 'note' as const,
            text: `${name} deletes noncurrent versions before the policies' retention ends: harmless while they are locked, S3 waits for the lock`,
          },
        ]
      : []),
  ];
}

/** A rule on a date expires whatever is there on that day, however long it is locked. */
function mayHide({ expiration }: LifecycleRule, lockDays: number): boolean {
  if (expiration === undefined) return false;
  return 'days' in expiration ? expiration.days < lockDays : true;
}

function isCooling({ transitions = [], noncurrentTransitions = [] }: LifecycleRule): boolean {
  return transitions.length > 0 || noncurrentTransitions.length > 0;
}

function mayMeet(rulePrefix: string, prefix: string): boolean {
  return prefix.startsWith(rulePrefix) || rulePrefix.startsWith(prefix);
}

function ofReplication(state: BucketState, wanted: WantedBucket): readonly Finding[] {
  const rules = seenValue(state.replication)?.rules ?? [];
  const others = rules.filter(({ ID = '' }) => !ID.startsWith(wanted.ruleIdBase));
  return others
    .filter((rule) => rule.Status === 'Enabled' && rule.DeleteMarkerReplication?.Status === 'Enabled')
    .map((rule) => ({
      setting: 'replication',
      severity: 'note',
      text: `replication rule "${rule.ID ?? ''}" replicates delete markers: who hides an object here hides its replica`,
    }));
}

/** What others have set beside ours: kept whatever is applied, and shown so that nobody takes it for ours. */
function keptOfOthers(state: BucketState, { ruleIdBase }: WantedBucket): readonly Finding[] {
  const policy = parseBucketPolicy(seenValue(state.policy) ?? '');
  const kept: readonly (readonly [BucketSetting, readonly string[]])[] = [
    ['policy', statementLines((policy?.statements ?? []).filter((statement) => !isOwn(statement)))],
    [
      'lifecycle',
      lifecycleLines((seenValue(state.lifecycle)?.rules ?? []).filter(({ id }) => !id.startsWith(ruleIdBase))),
    ],
    [
      'replication',
      ruleLines((seenValue(state.replication)?.rules ?? []).filter(({ ID = '' }) => !ID.startsWith(ruleIdBase))),
    ],
  ];
  return kept.flatMap(([setting, lines]) =>
    lines.map((line) => ({ setting, severity: 'note', text: `not ours, and kept: ${line}` }) as const),
  );
}

function others(hidden: readonly unknown[]): string {
  return hidden.length === 1 ? '' : ` and ${hidden.length - 1} more`;
}

function retentionDays({ days, years = 0 }: DefaultRetention): number {
  return days ?? daysOfYears(years);
}

function retentionText({ days, years }: DefaultRetention): string {
  return days === undefined ? `${years} years` : `${days} days`;
}
