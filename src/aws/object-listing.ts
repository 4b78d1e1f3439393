import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { listPages, parseListingPage } from './listing.ts';
import type { AwsCall } from './map-error.ts';
import type { ListedObject, ListOptions } from './object-store.ts';
import type { S3Requests } from './s3-requests.ts';

/** Every current object under a prefix, page after page until the last. */
export function listObjects(
  requests: S3Requests,
  bucket: string,
  { prefix, startAfter, signal }: ListOptions,
): AsyncGenerator<ListedObject, void, void> {
  const call: AwsCall = { operation: 'list', bucket, prefix };
  return listPages(async (token, pageSignal) => {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      EncodingType: 'url',
      ...(startAfter === undefined ? {} : { StartAfter: startAfter }),
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    return parseListingPage(
      await requests.send((options) => requests.client.send(command, options), call, { signal: pageSignal }),
    );
  }, signal);
}
