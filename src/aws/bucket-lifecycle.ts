import type {
  LifecycleRuleFilter as SdkFilter,
  LifecycleRule as SdkRule,
  TransitionDefaultMinimumObjectSize,
  TransitionStorageClass,
} from '@aws-sdk/client-s3';

/** When an action is due: so many days after the object was made, or on a day. */
export type LifecycleDue = { readonly days: number } | { readonly date: Date };

export type LifecycleTransition = LifecycleDue & { readonly storageClass: string };

/** All conditions must hold. Bounds of the size are exclusive. */
export interface LifecycleFilter {
  readonly prefix: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly largerThanBytes?: number;
  readonly smallerThanBytes?: number;
}

/** Days are counted from the moment at which a version ceased to be the current one. */
interface NoncurrentDue {
  readonly days: number;
  /** So many of the newest noncurrent versions are left alone. */
  readonly keepNewer?: number;
}

/** One rule of a lifecycle, with everything that S3's API knows of one: rules of others are written back as they were. */
export interface LifecycleRule {
  readonly id: string;
  readonly isEnabled: boolean;
  readonly filter: LifecycleFilter;
  /** Of a current version: it is hidden behind a delete marker. */
  readonly expiration?: LifecycleDue;
  /** Delete markers with nothing behind them are removed. */
  readonly removesLoneMarkers?: boolean;
  readonly transitions?: readonly LifecycleTransition[];
  readonly noncurrentExpiration?: NoncurrentDue;
  readonly noncurrentTransitions?: readonly (NoncurrentDue & { readonly storageClass: string })[];
  readonly abortUploadsAfterDays?: number;
}

export interface Lifecycle {
  readonly rules: readonly LifecycleRule[];
  /** From which size on objects are transitioned, as S3 names it; absent: its default, 128 KB for every class. */
  readonly minimumObjectSize?: string;
}

export function fromSdkRule(rule: SdkRule): LifecycleRule {
  const { Expiration, NoncurrentVersionExpiration: noncurrent, AbortIncompleteMultipartUpload: abort } = rule;
  const expiration = due(Expiration);
  const transitions = (rule.Transitions ?? []).flatMap((one) => {
    const when = due(one);
    return when === undefined ? [] : [{ ...when, storageClass: one.StorageClass ?? '' }];
  });
  const noncurrentTransitions = (rule.NoncurrentVersionTransitions ?? []).map((one) => ({
    ...noncurrentDue(one),
    storageClass: one.StorageClass ?? '',
  }));
  return {
    id: rule.ID ?? '',
    isEnabled: rule.Status === 'Enabled',
    filter: fromSdkFilter(rule),
    ...(expiration === undefined ? {} : { expiration }),
    ...(Expiration?.ExpiredObjectDeleteMarker === true ? { removesLoneMarkers: true } : {}),
    ...(transitions.length === 0 ? {} : { transitions }),
    ...(noncurrent === undefined ? {} : { noncurrentExpiration: noncurrentDue(noncurrent) }),
    ...(noncurrentTransitions.length === 0 ? {} : { noncurrentTransitions }),
    ...(abort?.DaysAfterInitiation === undefined ? {} : { abortUploadsAfterDays: abort.DaysAfterInitiation }),
  };
}

export function toSdkRule(rule: LifecycleRule): SdkRule {
  const { expiration, noncurrentExpiration, abortUploadsAfterDays } = rule;
  return {
    ...(rule.id === '' ? {} : { ID: rule.id }),
    Status: rule.isEnabled ? 'Enabled' : 'Disabled',
    Filter: toSdkFilter(rule.filter),
    ...(expiration === undefined && rule.removesLoneMarkers !== true
      ? {}
      : {
          Expiration: {
            ...(expiration === undefined ? {} : sdkDue(expiration)),
            ...(rule.removesLoneMarkers === true ? { ExpiredObjectDeleteMarker: true } : {}),
          },
        }),
    ...(rule.transitions === undefined
      ? {}
      : { Transitions: rule.transitions.map((one) => ({ ...sdkDue(one), StorageClass: sdkClass(one) })) }),
    ...(noncurrentExpiration === undefined ? {} : { NoncurrentVersionExpiration: sdkNoncurrent(noncurrentExpiration) }),
    ...(rule.noncurrentTransitions === undefined
      ? {}
      : {
          NoncurrentVersionTransitions: rule.noncurrentTransitions.map((one) => ({
            ...sdkNoncurrent(one),
            StorageClass: sdkClass(one),
          })),
        }),
    ...(abortUploadsAfterDays === undefined
      ? {}
      : { AbortIncompleteMultipartUpload: { DaysAfterInitiation: abortUploadsAfterDays } }),
  };
}

/** What S3 was told, or told us; it makes names of its own from time to time. */
export function sdkMinimumObjectSize({ minimumObjectSize }: Lifecycle) {
  if (minimumObjectSize === undefined) return {};
  return { TransitionDefaultMinimumObjectSize: minimumObjectSize as TransitionDefaultMinimumObjectSize };
}

function fromSdkFilter({ Filter, Prefix }: SdkRule): LifecycleFilter {
  const source = Filter?.And ?? Filter;
  const tags = Filter?.And?.Tags ?? (Filter?.Tag === undefined ? [] : [Filter.Tag]);
  const { ObjectSizeGreaterThan: largerThanBytes, ObjectSizeLessThan: smallerThanBytes } = source ?? {};
  return {
    // The prefix beside the filter is how rules were written before there were filters; it means the same.
    prefix: source?.Prefix ?? Prefix ?? '',
    ...(tags.length === 0 ? {} : { tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key ?? '', Value ?? ''])) }),
    ...(largerThanBytes === undefined ? {} : { largerThanBytes }),
    ...(smallerThanBytes === undefined ? {} : { smallerThanBytes }),
  };
}

/** S3 takes one condition by itself, and several within an `And`. */
function toSdkFilter({ prefix, tags = {}, largerThanBytes, smallerThanBytes }: LifecycleFilter): SdkFilter {
  const sizes = {
    ...(largerThanBytes === undefined ? {} : { ObjectSizeGreaterThan: largerThanBytes }),
    ...(smallerThanBytes === undefined ? {} : { ObjectSizeLessThan: smallerThanBytes }),
  };
  const pairs = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const [only, ...more] = pairs;
  if (only === undefined && Object.keys(sizes).length === 0) return { Prefix: prefix };
  if (prefix === '' && only !== undefined && more.length === 0 && Object.keys(sizes).length === 0) return { Tag: only };
  if (prefix === '' && only === undefined && Object.keys(sizes).length === 1) return sizes;
  return {
    And: { ...(prefix === '' ? {} : { Prefix: prefix }), ...(only === undefined ? {} : { Tags: pairs }), ...sizes },
  };
}

function due(source: { readonly Days?: number | undefined; readonly Date?: Date | undefined } | undefined) {
  if (source?.Days !== undefined) return { days: source.Days };
  return source?.Date === undefined ? undefined : { date: source.Date };
}

function sdkDue(when: LifecycleDue) {
  return 'days' in when ? { Days: when.days } : { Date: when.date };
}

function noncurrentDue(source: {
  readonly NoncurrentDays?: number | undefined;
  readonly NewerNoncurrentVersions?: number | undefined;
}): NoncurrentDue {
  const keepNewer = source.NewerNoncurrentVersions;
  return { days: source.NoncurrentDays ?? 0, ...(keepNewer === undefined ? {} : { keepNewer }) };
}

function sdkNoncurrent({ days, keepNewer }: NoncurrentDue) {
  return { NoncurrentDays: days, ...(keepNewer === undefined ? {} : { NewerNoncurrentVersions: keepNewer }) };
}

function sdkClass({ storageClass }: { readonly storageClass: string }): TransitionStorageClass {
  return storageClass as TransitionStorageClass;
}
