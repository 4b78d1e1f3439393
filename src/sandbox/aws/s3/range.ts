import { AwsError } from '../aws-error.ts';

/** `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a Range header. Several ranges, or another unit, are ignored as S3 does: the whole object is answered.
 * @returns undefined when the whole object is meant
 * @throws AwsError InvalidRange when no byte of the object is in it
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(sizeBytes - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start >= sizeBytes || start >= end) {
    throw new AwsError('InvalidRange', 'the range begins behind the end of the object', {
      headers: { 'content-range': `bytes */${sizeBytes}` },
      fields: { RangeRequested: header ?? '', ActualObjectSize: String(sizeBytes) },
    });
  }
  return { start, end };
}
