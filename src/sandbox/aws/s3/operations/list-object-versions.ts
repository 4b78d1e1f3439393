import { AwsError } from '../../aws-error.ts';
import { type Reply, xmlReply } from '../../http/reply.ts';
import { ownerId } from '../../world.ts';
import { element, s3Namespace, text, xmlDocument } from '../../xml.ts';
import type { BucketCall } from '../call.ts';
import { commonPrefixes, type KeyEncoder, keyEncoder, readMaxKeys } from '../listing-xml.ts';
import type { ObjectVersion } from '../object-version.ts';
import { listVersionPage } from '../version-listing.ts';

export function listObjectVersions(call: BucketCall): Reply {
  const { bucket, query } = call;
  const encode = keyEncoder(query);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const versionMarker = query.get('version-id-marker') ?? '';
  if (versionMarker !== '' && keyMarker === '') {
    throw new AwsError('InvalidArgument', 'version-id-marker needs a key-marker');
  }
  const maxEntries = readMaxKeys(query.get('max-keys'));
  const page = listVersionPage(bucket, { prefix, delimiter, keyMarker, versionMarker, maxEntries });
  const owner = element('Owner', text('ID', ownerId(bucket.accountId)));
  return xmlReply(
    xmlDocument(
      'ListVersionsResult',
      s3Namespace,
      text('Name', bucket.name),
      text('Prefix', encode(prefix)),
      text('KeyMarker', encode(keyMarker)),
      text('VersionIdMarker', versionMarker),
      text('NextKeyMarker', page.next === undefined ? undefined : encode(page.next.keyMarker)),
      text('NextVersionIdMarker', page.next?.versionMarker),
      text('Delimiter', delimiter === '' ? undefined : encode(delimiter)),
      text('MaxKeys', maxEntries),
      text('EncodingType', query.get('encoding-type') ?? undefined),
      text('IsTruncated', page.next !== undefined),
      ...page.entries.map((entry) =>
        entry.kind === 'item'
          ? versionOf(entry.item, bucket.versionsOf(entry.key)[0] === entry.item, encode, owner)
          : '',
      ),
      ...commonPrefixes(page.entries, encode),
    ),
  );
}

function versionOf(version: ObjectVersion, isLatest: boolean, encode: KeyEncoder, owner: string): string {
  const identity = [
    text('Key', encode(version.key)),
    text('VersionId', version.versionId),
    text('IsLatest', isLatest),
    text('LastModified', new Date(version.lastModifiedMs).toISOString()),
    owner,
  ];
  if (version.kind === 'marker') return element('DeleteMarker', ...identity);
  return element(
    'Version',
    ...identity,
    text('ETag', `"${version.etag}"`),
    text('ChecksumAlgorithm', version.checksum?.algorithm),
    text('ChecksumType', version.checksum?.type),
    text('Size', version.sizeBytes),
    text('StorageClass', version.storageClass),
  );
}
