import { AwsError } from '../../aws-error.ts';
import { type Reply, xmlReply } from '../../http/reply.ts';
import { ownerId } from '../../world.ts';
import { element, s3Namespace, text, xmlDocument } from '../../xml.ts';
import type { BucketCall } from '../call.ts';
import { listPage } from '../listing.ts';
import { type ListingPosition, readPosition, writePosition } from '../listing-token.ts';
import { commonPrefixes, type KeyEncoder, keyEncoder, lastEntry, readMaxKeys } from '../listing-xml.ts';
import type { StoredObject } from '../object-version.ts';

export function listObjectsV2(call: BucketCall): Reply {
  const { query } = call;
  if (query.get('list-type') !== '2') throw new AwsError('InvalidArgument', 'list-type can only be 2');
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after') ?? '';
  const position = token === null ? { after: startAfter, wholeGroup: false } : readPosition(token);
  const { page, encode, shared } = list(call, position);
  const last = lastEntry(page.entries);
  const next = page.isTruncated && last !== undefined ? writePosition(last) : undefined;
  return xmlReply(
    xmlDocument(
      'ListBucketResult',
      s3Namespace,
      ...shared,
      text('KeyCount', page.entries.length),
      text('StartAfter', startAfter === '' ? undefined : encode(startAfter)),
      text('ContinuationToken', token ?? undefined),
      text('NextContinuationToken', next),
    ),
  );
}

/** The first version of the call, which older clients still make. */
export function listObjectsV1(call: BucketCall): Reply {
  const marker = call.query.get('marker') ?? '';
  const delimiter = call.query.get('delimiter') ?? '';
  // A marker that is a common prefix was the last entry of the page before.
  const wholeGroup = delimiter !== '' && marker.endsWith(delimiter);
  const { page, encode, shared } = list(call, { after: marker, wholeGroup }, true);
  const last = page.isTruncated && delimiter !== '' ? lastEntry(page.entries) : undefined;
  return xmlReply(
    xmlDocument(
      'ListBucketResult',
      s3Namespace,
      ...shared,
      text('Marker', encode(marker)),
      text('NextMarker', last === undefined ? undefined : encode(last.after)),
    ),
  );
}

function list(call: BucketCall, position: ListingPosition, alwaysOwner = false) {
  const { bucket, query } = call;
  const encode = keyEncoder(query);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const maxEntries = readMaxKeys(query.get('max-keys'));
  const page = listPage(bucket.keys, { prefix, delimiter, ...position, maxEntries }, (key) => {
    const object = bucket.current(key);
    return object === undefined ? [] : [object];
  });
  const owner =
    alwaysOwner || query.get('fetch-owner') === 'true' ? element('Owner', text('ID', ownerId(bucket.accountId))) : '';
  const contents = page.entries.map((entry) => (entry.kind === 'item' ? contentsOf(entry.item, encode, owner) : ''));
  const shared = [
    text('Name', bucket.name),
    text('Prefix', encode(prefix)),
    text('Delimiter', delimiter === '' ? undefined : encode(delimiter)),
    text('MaxKeys', maxEntries),
    text('EncodingType', query.get('encoding-type') ?? undefined),
    text('IsTruncated', page.isTruncated),
    ...contents,
    ...commonPrefixes(page.entries, encode),
  ];
  return { page, encode, shared };
}

function contentsOf(object: StoredObject, encode: KeyEncoder, owner: string): string {
  return element(
    'Contents',
    text('Key', encode(object.key)),
    text('LastModified', new Date(object.lastModifiedMs).toISOString()),
    text('ETag', `"${object.etag}"`),
    text('ChecksumAlgorithm', object.checksum?.algorithm),
    text('ChecksumType', object.checksum?.type),
    text('Size', object.sizeBytes),
    owner,
    text('StorageClass', object.storageClass),
  );
}
