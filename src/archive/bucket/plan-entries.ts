import {
  type BucketChange,
  type BucketSetting,
  type BucketState,
  bucketSettings,
  type PublicAccessBlock,
  type Seen,
  seenValue,
} from '../../aws/bucket-state.ts';
import {
  isOwn,
  MAX_POLICY_BYTES,
  opens,
  parseBucketPolicy,
  policyText,
  statementLines,
  withStatements,
} from './bucket-policy.ts';
import { encryptionLines, lifecycleLines, publicAccessLines, replicationLines } from './describe.ts';
import { mergedReplication } from './merge-replication.ts';
import type { PlanEntry } from './plan.ts';
import type { WantedBucket } from './wanted.ts';

/** S3 API reference, PutBucketLifecycleConfiguration. */
const MAX_LIFECYCLE_RULES = 1_000;

const everythingBlocked: PublicAccessBlock = {
  blocksAcls: true,
  ignoresAcls: true,
  blocksPolicies: true,
  restrictsBuckets: true,
};

const reasons: Readonly<Record<BucketSetting, string>> = {
  bucket: 'the archive needs a bucket, made with Object Lock',
  versioning: 'Object Lock protects versions: without them an upload replaces what was there',
  objectLock: 'nothing can be locked without it; every part brings its own retention, so there is no default',
  encryption: 'what is uploaded without asking is encrypted as well',
  ownership: "ACLs have no effect, and all that is in the bucket is its owner's",
  policy: 'nobody reads or writes without TLS, and nobody lifts a lock',
  publicAccess: 'nothing in the bucket is ever public',
  lifecycle: 'parts get cheaper with age, and go when their lock has ended; manifests stay readable',
  replication: 'a second copy elsewhere',
};

/** One entry a setting, in the order of application. */
export function planEntries(state: BucketState, wanted: WantedBucket): readonly PlanEntry[] {
  const planned: Readonly<Record<BucketSetting, PlanEntry>> = {
    bucket: planRegion(state, wanted),
    versioning: compare(state.versioning, {
      setting: 'versioning',
      lines: (value) => [value],
      wanted: ['Enabled'],
      change: { setting: 'versioning' },
    }),
    objectLock: planObjectLock(state),
    encryption: planEncryption(state, wanted),
    ownership: compare(state.ownership, {
      setting: 'ownership',
      lines: (value) => [value],
      wanted: ['BucketOwnerEnforced'],
      change: { setting: 'ownership', to: 'BucketOwnerEnforced' },
    }),
    policy: planPolicy(state, wanted),
    publicAccess: compare(state.publicAccess, {
      setting: 'publicAccess',
      lines: publicAccessLines,
      wanted: publicAccessLines(everythingBlocked),
      change: { setting: 'publicAccess', to: everythingBlocked },
    }),
    lifecycle: planLifecycle(state, wanted),
    replication: planReplication(state, wanted),
  };
  return bucketSettings.map((setting) => planned[setting]);
}

interface Comparison<T> {
  readonly setting: BucketSetting;
  readonly lines: (value: T) => readonly string[];
  readonly wanted: readonly string[];
  readonly change: BucketChange;
  /** Why the change cannot be made, where it cannot. */
  readonly obstacle?: string | undefined;
}

function compare<T>(seen: Seen<T>, { setting, lines, wanted, change, obstacle }: Comparison<T>): PlanEntry {
  if (!seen.seen) return unseen(setting, seen, wanted);
  const actual = seen.value === undefined ? [] : lines(seen.value);
  const entry = { setting, actual, wanted };
  if (isSame(actual, wanted)) return { ...entry, action: 'ok', text: 'as wanted' };
  if (obstacle !== undefined) return { ...entry, action: 'cannot', text: obstacle };
  return { ...entry, action: 'set', text: reasons[setting], change };
}

function unseen(
  setting: BucketSetting,
  { why, permission }: Extract<Seen<unknown>, { readonly seen: false }>,
  wanted: readonly string[],
): PlanEntry {
  const entry = { setting, actual: [], wanted };
  if (why === 'denied') return { ...entry, action: 'not visible', text: `reading it needs ${permission}` };
  return { ...entry, action: 'cannot', text: 'the server does not know this setting' };
}

function planRegion(state: BucketState, { region }: WantedBucket): PlanEntry {
  const place = (name: string) => [`in ${name}`];
  const isElsewhere = seenValue(state.region) !== undefined;
  return compare(state.region, {
    setting: 'bucket',
    lines: place,
    wanted: place(region),
    change: { setting: 'bucket' },
    obstacle: isElsewhere ? 'a bucket cannot move: name its region, or another bucket' : undefined,
  });
}

function planObjectLock(state: BucketState): PlanEntry {
  return compare(state.objectLock, {
    setting: 'objectLock',
    // A default retention is not ours to change: see contradictions.ts.
    lines: () => ['on'],
    wanted: ['on'],
    change: { setting: 'objectLock' },
    obstacle: state.versioning.seen ? undefined : 'Object Lock needs versioning, which is not visible',
  });
}

function planEncryption(state: BucketState, wanted: WantedBucket): PlanEntry {
  const blockedTypes = seenValue(state.encryption)?.blockedTypes;
  const to = { ...wanted.encryption, ...(blockedTypes === undefined ? {} : { blockedTypes }) };
  return compare(state.encryption, {
    setting: 'encryption',
    lines: encryptionLines,
    wanted: encryptionLines(wanted.encryption),
    change: { setting: 'encryption', to },
  });
}

function planPolicy(state: BucketState, wanted: WantedBucket): PlanEntry {
  const text = seenValue(state.policy);
  const actual = text === undefined ? undefined : parseBucketPolicy(text);
  const merged = withStatements(actual, wanted.statements);
  const to = policyText(merged);
  return compare(state.policy, {
    setting: 'policy',
    lines: (value) => (actual === undefined ? [value] : statementLines(actual.statements)),
    wanted: statementLines(merged.statements),
    change: { setting: 'policy', to },
    obstacle: policyObstacle(),
  });

  function policyObstacle(): string | undefined {
    if (text !== undefined && actual === undefined)
      return 'the policy that is there cannot be read: look at it by hand';
    if (Buffer.byteLength(to) > MAX_POLICY_BYTES)
      return `with ours it would be longer than S3's ${MAX_POLICY_BYTES} bytes`;
    const isPublic = merged.statements.some((statement) => !isOwn(statement) && opens(statement) === 'everybody');
    const isBlocked = seenValue(state.publicAccess)?.blocksPolicies === true;
    if (isPublic && isBlocked)
      return 'S3 takes no policy with a public statement while it refuses public policies: take that statement out first';
    return undefined;
  }
}

function planLifecycle(state: BucketState, wanted: WantedBucket): PlanEntry {
  const lifecycle = seenValue(state.lifecycle);
  const others = (lifecycle?.rules ?? []).filter(({ id }) => !id.startsWith(wanted.ruleIdBase));
  const rules = [...others, ...wanted.rules];
  const obstacle = `S3 takes ${MAX_LIFECYCLE_RULES} rules: ${wanted.rules.length} are wanted, and ${others.length} are there that are not ours`;
  return compare(state.lifecycle, {
    setting: 'lifecycle',
    lines: (value) => lifecycleLines(value.rules),
    wanted: lifecycleLines(rules),
    change: { setting: 'lifecycle', to: { ...lifecycle, rules } },
    obstacle: rules.length > MAX_LIFECYCLE_RULES ? obstacle : undefined,
  });
}

function planReplication(state: BucketState, wanted: WantedBucket): PlanEntry {
  const actual = seenValue(state.replication);
  const { to, obstacle } = mergedReplication(actual, wanted);
  return compare(state.replication, {
    setting: 'replication',
    lines: replicationLines,
    wanted: to === undefined ? [] : replicationLines(to),
    change: { setting: 'replication', to },
    obstacle,
  });
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && [...left].sort().join('\n') === [...right].sort().join('\n');
}
