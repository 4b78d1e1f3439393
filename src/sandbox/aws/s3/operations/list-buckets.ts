import { type Reply, xmlReply } from '../../http/reply.ts';
import { ownerId } from '../../world.ts';
import { element, s3Namespace, text, xmlDocument } from '../../xml.ts';
import type { ServiceCall } from '../call.ts';

/** The buckets of the caller's own account, by name. */
export function listBuckets(call: ServiceCall): Reply {
  const { accountId } = call.caller;
  const own = [...call.world.buckets.values()].filter((bucket) => bucket.accountId === accountId);
  const entries = own
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map((bucket) =>
      element(
        'Bucket',
        text('Name', bucket.name),
        text('CreationDate', new Date(bucket.createdMs).toISOString()),
        text('BucketRegion', bucket.region),
      ),
    );
  const owner = element('Owner', text('ID', ownerId(accountId)));
  return xmlReply(xmlDocument('ListAllMyBucketsResult', s3Namespace, owner, element('Buckets', ...entries)));
}
