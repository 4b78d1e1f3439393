import { AwsError } from '../../aws-error.ts';
import { type Reply, xmlReply } from '../../http/reply.ts';
import { malformed, parseXml, s3Namespace, text, xmlDocument } from '../../xml.ts';
import type { BucketCall } from '../call.ts';
import { readCheckedBody } from '../read-checked-body.ts';

export function getLocation(call: BucketCall): Reply {
  const { region } = call.bucket;
  const constraint = region === 'us-east-1' ? '' : region;
  const body = xmlDocument('LocationConstraint', s3Namespace, constraint);
  return xmlReply(body, { 'x-amz-bucket-region': region });
}

export function getVersioning(call: BucketCall): Reply {
  return xmlReply(xmlDocument('VersioningConfiguration', s3Namespace, text('Status', call.bucket.versioning)));
}

export async function putVersioning(call: BucketCall): Promise<Reply> {
  const status = parseXml(await readCheckedBody(call), 'VersioningConfiguration').text('Status');
  if (status !== 'Enabled' && status !== 'Suspended') throw malformed();
  if (status === 'Suspended' && call.bucket.objectLock !== undefined) {
    throw new AwsError('InvalidBucketState', 'Object Lock keeps versioning on');
  }
  call.bucket.change({ versioning: status });
  return { status: 200 };
}
