import { AwsError } from '../aws-error.ts';

/** Where a listing goes on; see `ListingQuery`. */
export interface ListingPosition {
  readonly after: string;
  readonly wholeGroup: boolean;
}

/** A continuation token: opaque to clients, who must not build their own. */
export function writePosition(position: ListingPosition): string {
  return Buffer.from(`${position.wholeGroup ? 'g' : 'k'}${position.after}`).toString('base64');
}

/** @throws AwsError InvalidArgument */
export function readPosition(token: string): ListingPosition {
  const bytes = Buffer.from(token, 'base64');
  const decoded = bytes.toString('utf8');
  const kind = decoded[0];
  if (bytes.toString('base64') !== token || (kind !== 'g' && kind !== 'k')) {
    throw new AwsError('InvalidArgument', 'no listing gave this continuation token', {
      fields: { ArgumentName: 'continuation-token' },
    });
  }
  return { after: decoded.slice(1), wholeGroup: kind === 'g' };
}
