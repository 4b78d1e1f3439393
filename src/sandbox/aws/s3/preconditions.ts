import { AwsError } from '../aws-error.ts';
import type { RequestHeaders } from '../http/request.ts';

interface ReadSubject {
  readonly etag: string;
  readonly lastModifiedMs: number;
}

/**
 * The conditions of a GET or HEAD, in the order of RFC 9110 13.2.2.
 * @throws AwsError PreconditionFailed, NotModified
 */
export function checkReadConditions(headers: RequestHeaders, subject: ReadSubject): void {
  const ifMatch = headers.get('if-match');
  const unmodifiedSince = readDate(headers.get('if-unmodified-since'));
  const lastModified = Math.floor(subject.lastModifiedMs / 1000) * 1000;
  if (ifMatch !== undefined) {
    if (!etagMatches(ifMatch, subject.etag)) throw failed('If-Match');
  } else if (unmodifiedSince !== undefined && lastModified > unmodifiedSince) {
    throw failed('If-Unmodified-Since');
  }
  const ifNoneMatch = headers.get('if-none-match');
  const modifiedSince = readDate(headers.get('if-modified-since'));
  const isUnchanged =
    ifNoneMatch === undefined
      ? modifiedSince !== undefined && lastModified <= modifiedSince
      : etagMatches(ifNoneMatch, subject.etag);
  if (isUnchanged) throw new AwsError('NotModified', 'Not Modified', { headers: { etag: `"${subject.etag}"` } });
}

/**
 * The conditions of a write against what is there now (undefined: nothing, or a delete marker).
 * @throws AwsError PreconditionFailed; NoSuchKey for If-Match without an object; NotImplemented for another If-None-Match
 */
export function checkWriteConditions(headers: RequestHeaders, current: { readonly etag: string } | undefined): void {
  const ifNoneMatch = headers.get('if-none-match');
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new AwsError('NotImplemented', 'If-None-Match on a write can only be *', {
      fields: { Header: 'If-None-Match' },
    });
  }
  if (ifNoneMatch === '*' && current !== undefined) throw failed('If-None-Match');
  const ifMatch = headers.get('if-match');
  if (ifMatch === undefined) return;
  if (current === undefined) throw new AwsError('NoSuchKey', 'there is no object with this key');
  if (!etagMatches(ifMatch, current.etag)) throw failed('If-Match');
}

export function isConditionalWrite(headers: RequestHeaders): boolean {
  return headers.has('if-match') || headers.has('if-none-match');
}

function etagMatches(header: string, etag: string): boolean {
  return header.split(',').some((candidate) => {
    const bare = candidate.trim().replace(/^W\//, '').replace(/^"|"$/g, '');
    return bare === '*' || bare === etag;
  });
}

function readDate(value: string | undefined): number | undefined {
  const parsed = Date.parse(value ?? '');
  return Number.isNaN(parsed) ? undefined : parsed;
}

function failed(condition: string): AwsError {
  return new AwsError('PreconditionFailed', 'a condition of the request does not hold', {
    fields: { Condition: condition },
  });
}
