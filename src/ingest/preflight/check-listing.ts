import type { OpenReader } from '../../aws/access.ts';
import type { ListedObject } from '../../aws/object-store.ts';
import type { Finding } from './finding.ts';
import type { PreflightRequest } from './preflight-request.ts';

export interface ListingCheck {
  readonly findings: readonly Finding[];
  readonly objects: readonly ListedObject[];
  /** False where the listing was cut: what is not in it may exist all the same. */
  readonly isWhole: boolean;
}

/** Twenty pages: years of a daily export, in seconds. A preflight is waited for by a person. */
const MAX_LISTED_OBJECTS = 20_000;

/** @throws AppError as ObjectReader.list */
export async function checkListing(
  reader: OpenReader,
  { bucket, prefix, role, signal }: PreflightRequest,
): Promise<ListingCheck> {
  const objects: ListedObject[] = [];
  for await (const object of reader.list({ prefix, ...(signal ? { signal } : {}) })) {
    objects.push(object);
    if (objects.length > MAX_LISTED_OBJECTS) break;
  }
  const isWhole = objects.length <= MAX_LISTED_OBJECTS;
  const findings = [summary(`s3://${bucket}/${prefix}`, objects.length, isWhole)];
  if (reader.bucketRegion !== role.region) findings.push(otherRegion(bucket, reader.bucketRegion, role.region));
  if (!isWhole) findings.push(cut(prefix));
  return { findings, objects, isWhole };
}

function summary(location: string, count: number, isWhole: boolean): Finding {
  if (count === 0) {
    return {
      code: 'PREFIX_EMPTY',
      severity: 'warning',
      message: `nothing lies under ${location}`,
      advice:
        'Check the prefix letter by letter (case and slashes count). A new export is first delivered within 24 hours.',
    };
  }
  const message = `${location} was listed: ${isWhole ? '' : 'over '}${isWhole ? count : MAX_LISTED_OBJECTS} objects`;
  return { code: 'PREFIX_LISTED', severity: 'ok', message, advice: '' };
}

function otherRegion(bucket: string, bucketRegion: string, roleRegion: string): Finding {
  const message = `bucket ${bucket} is in ${bucketRegion}, not in ${roleRegion}`;
  return { code: 'BUCKET_IN_OTHER_REGION', severity: 'info', message, advice: 'Nothing to do: it is read there.' };
}

function cut(prefix: string): Finding {
  return {
    code: 'LISTING_CUT',
    severity: 'info',
    message: `only the first ${MAX_LISTED_OBJECTS} objects under "${prefix}" were looked at`,
    advice: 'Nothing to do; with a longer prefix, the preflight looks at all of it.',
  };
}
