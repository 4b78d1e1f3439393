import { AwsError } from '../aws-error.ts';
import { malformed, parseXml, type XmlElement } from '../xml.ts';
import { parseStorageClass, type StorageClass } from './storage-class.ts';
import type { Tags } from './tags.ts';

/** When an action is due: so many days after the fact it counts from, or at a date. */
export interface Due {
  readonly days: number | undefined;
  readonly dateMs: number | undefined;
}

export interface Transition extends Due {
  readonly storageClass: StorageClass;
}

export interface NoncurrentTransition {
  readonly days: number;
  readonly storageClass: StorageClass;
}

export interface LifecycleRule {
  readonly prefix: string;
  readonly tags: Tags;
  /** Bytes; exclusive. */
  readonly largerThan: number | undefined;
  readonly smallerThan: number | undefined;
  readonly expiration: Due | undefined;
  readonly expiresLoneMarkers: boolean;
  readonly transitions: readonly Transition[];
  readonly noncurrentExpiration: { readonly days: number; readonly keepNewer: number } | undefined;
  readonly noncurrentTransitions: readonly NoncurrentTransition[];
  readonly abortUploadsAfterDays: number | undefined;
}

const maxRules = 1000;
const maxIdLength = 255;

/** The enabled rules of a lifecycle configuration. @throws AwsError MalformedXML, InvalidRequest, InvalidArgument */
export function parseLifecycle(source: string): readonly LifecycleRule[] {
  const rules = parseXml(source, 'LifecycleConfiguration').all('Rule');
  if (rules.length === 0 || rules.length > maxRules) throw malformed();
  checkIds(rules.map((rule) => rule.text('ID')).filter((id) => id !== undefined));
  const parsed = rules.map((rule) => ({ isEnabled: readStatus(rule), rule: parseRule(rule) }));
  return parsed.filter(({ isEnabled }) => isEnabled).map(({ rule }) => rule);
}

function checkIds(ids: readonly string[]): void {
  if (ids.some((id) => id.length > maxIdLength))
    throw new AwsError('InvalidArgument', 'ID length should not exceed 255');
  if (new Set(ids).size < ids.length) throw new AwsError('InvalidArgument', 'Rule ID must be unique');
}

function readStatus(rule: XmlElement): boolean {
  const status = rule.text('Status');
  if (status !== 'Enabled' && status !== 'Disabled') throw malformed();
  return status === 'Enabled';
}

function parseRule(rule: XmlElement): LifecycleRule {
  const expiration = rule.one('Expiration');
  const noncurrent = rule.one('NoncurrentVersionExpiration');
  const parsed: LifecycleRule = {
    ...parseFilter(rule),
    expiration: expiration === undefined ? undefined : readDue(expiration),
    expiresLoneMarkers: expiration?.text('ExpiredObjectDeleteMarker') === 'true',
    transitions: rule.all('Transition').map((one) => ({ ...readDue(one), storageClass: readClass(one) })),
    noncurrentExpiration:
      noncurrent === undefined
        ? undefined
        : {
            days: demandDays(noncurrent.text('NoncurrentDays')),
            keepNewer: Number(noncurrent.text('NewerNoncurrentVersions') ?? 0),
          },
    noncurrentTransitions: rule
      .all('NoncurrentVersionTransition')
      .map((one) => ({ days: demandDays(one.text('NoncurrentDays')), storageClass: readClass(one) })),
    abortUploadsAfterDays: readDays(rule.one('AbortIncompleteMultipartUpload')?.text('DaysAfterInitiation')),
  };
  checkDoesSomething(parsed, rule);
  checkGoesTogether(parsed);
  return parsed;
}

/** What S3 refuses in one rule ("Lifecycle configuration elements", S3 user guide). */
function checkGoesTogether(rule: LifecycleRule): void {
  const { expiration, expiresLoneMarkers, transitions } = rule;
  const expires = expiration?.days !== undefined || expiration?.dateMs !== undefined;
  if (expiresLoneMarkers && expires) throw malformed();
  const isOfSome = Object.keys(rule.tags).length > 0 || rule.largerThan !== undefined || rule.smallerThan !== undefined;
  if (isOfSome && (expiresLoneMarkers || rule.abortUploadsAfterDays !== undefined)) {
    throw new AwsError('InvalidRequest', 'markers and uploads have neither tags nor a size');
  }
  if (expiration?.days === 0)
    throw new AwsError('InvalidArgument', "'Days' for Expiration action must be a positive integer");
  const isLate = transitions.some(({ days }) => (days ?? 0) >= (expiration?.days ?? Number.POSITIVE_INFINITY));
  if (isLate) {
    throw new AwsError(
      'InvalidArgument',
      "'Days' in the Expiration action must be greater than 'Days' in the Transition action",
    );
  }
  if (new Set(transitions.map(({ storageClass }) => storageClass)).size < transitions.length) {
    throw new AwsError('InvalidRequest', 'two transitions to one storage class');
  }
}

function parseFilter(rule: XmlElement): Pick<LifecycleRule, 'prefix' | 'tags' | 'largerThan' | 'smallerThan'> {
  const filter = rule.one('Filter');
  const source = filter?.one('And') ?? filter;
  const tags = (source?.all('Tag') ?? []).map((tag) => [tag.text('Key') ?? '', tag.text('Value') ?? '']);
  return {
    prefix: source?.text('Prefix') ?? rule.text('Prefix') ?? '',
    tags: Object.fromEntries(tags),
    largerThan: readCount(source?.text('ObjectSizeGreaterThan')),
    smallerThan: readCount(source?.text('ObjectSizeLessThan')),
  };
}

function checkDoesSomething(parsed: LifecycleRule, rule: XmlElement): void {
  if (!rule.has('Filter') && !rule.has('Prefix')) throw malformed();
  const does =
    parsed.expiration !== undefined ||
    parsed.transitions.length > 0 ||
    parsed.noncurrentExpiration !== undefined ||
    parsed.noncurrentTransitions.length > 0 ||
    parsed.abortUploadsAfterDays !== undefined;
  if (!does) throw new AwsError('InvalidRequest', 'a lifecycle rule does nothing');
}

function readDue(element: XmlElement): Due {
  const days = readDays(element.text('Days'), 0);
  const date = element.text('Date');
  return { days, dateMs: date === undefined ? undefined : Date.parse(date) };
}

function readClass(element: XmlElement): StorageClass {
  const storageClass = element.text('StorageClass');
  if (storageClass === undefined) throw malformed();
  return parseStorageClass(storageClass);
}

function readCount(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw malformed();
  return Number(value);
}

function readDays(value: string | undefined, least = 1): number | undefined {
  const days = readCount(value);
  if (days !== undefined && days < least) {
    throw new AwsError('InvalidArgument', "'Days' for an action must be a positive integer");
  }
  return days;
}

function demandDays(value: string | undefined): number {
  const days = readDays(value);
  if (days === undefined) throw malformed();
  return days;
}
