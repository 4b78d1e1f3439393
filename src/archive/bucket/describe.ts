import type { LifecycleDue, LifecycleFilter, LifecycleRule } from '../../aws/bucket-lifecycle.ts';
import type { BucketEncryption, PublicAccessBlock, Replication } from '../../aws/bucket-state.ts';
import { canonicalJson } from './canonical.ts';

/*
 * Settings as lines of text. A plan compares these lines, so all of a setting has to be in them: what differs is what is
 * printed, and what is not printed does not differ.
 */

export function encryptionLines(encryption: BucketEncryption): readonly string[] {
  if (encryption.algorithm === 'AES256') return ['AES256'];
  const { algorithm, keyId = 'the key of the account', hasBucketKey } = encryption;
  return [`${algorithm} by ${keyId}, ${hasBucketKey ? 'with' : 'without'} a bucket key`];
}

export function publicAccessLines(block: PublicAccessBlock): readonly string[] {
  const lines = {
    'refuses public ACLs': block.blocksAcls,
    'ignores public ACLs': block.ignoresAcls,
    'refuses public policies': block.blocksPolicies,
    'shuts out the public, whatever a policy says': block.restrictsBuckets,
  };
  return Object.entries(lines).flatMap(([line, isOn]) => (isOn ? [line] : []));
}

export function replicationLines({ roleArn, rules }: Replication): readonly string[] {
  return [`as ${roleArn}`, ...ruleLines(rules)];
}

export function ruleLines(rules: Replication['rules']): readonly string[] {
  return rules.map(canonicalJson);
}

export function lifecycleLines(rules: readonly LifecycleRule[]): readonly string[] {
  // Rules act alike in any order.
  return rules.map(ruleLine).sort();
}

function ruleLine(rule: LifecycleRule): string {
  const { expiration, noncurrentExpiration: noncurrent, abortUploadsAfterDays: abort } = rule;
  return [
    `${filterText(rule.filter)}: rule ${rule.id === '' ? 'without a name' : rule.id}`,
    ...(rule.isEnabled ? [] : ['switched off']),
    // A server may answer them in another order than it was told.
    ...(rule.transitions ?? []).toSorted(byDue).map((one) => `to ${one.storageClass} ${dueText(one)}`),
    ...(expiration === undefined ? [] : [`expires ${dueText(expiration)}`]),
    ...(rule.noncurrentTransitions ?? [])
      .toSorted(byDays)
      .map((one) => `noncurrent to ${one.storageClass} ${noncurrentText(one)}`),
    ...(noncurrent === undefined ? [] : [`noncurrent go ${noncurrentText(noncurrent)}`]),
    ...(rule.removesLoneMarkers === true ? ['lone delete markers go'] : []),
    ...(abort === undefined ? [] : [`uploads are given up after ${abort} days`]),
  ].join(', ');
}

function byDue(left: LifecycleDue, right: LifecycleDue): number {
  return dueRank(left) - dueRank(right);
}

/** Only a rank: days and dates do not go together in one rule. */
function dueRank(due: LifecycleDue): number {
  return 'days' in due ? due.days : due.date.getTime();
}

function byDays(left: { readonly days: number }, right: { readonly days: number }): number {
  return left.days - right.days;
}

export function dueText(due: LifecycleDue): string {
  return 'days' in due ? `after ${due.days} days` : `on ${due.date.toISOString().slice(0, 10)}`;
}

function noncurrentText({ days, keepNewer }: { readonly days: number; readonly keepNewer?: number }): string {
  return `after ${days} days${keepNewer === undefined ? '' : ` but for the newest ${keepNewer}`}`;
}

export function filterText({ prefix, tags = {}, largerThanBytes, smallerThanBytes }: LifecycleFilter): string {
  return [
    prefix === '' ? 'everything' : prefix,
    ...Object.entries(tags).map(([key, value]) => `tagged ${key}=${value}`),
    ...(largerThanBytes === undefined ? [] : [`over ${largerThanBytes} bytes`]),
    ...(smallerThanBytes === undefined ? [] : [`under ${smallerThanBytes} bytes`]),
  ].join(' ');
}
