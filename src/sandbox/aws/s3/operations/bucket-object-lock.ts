import { AwsError } from '../../aws-error.ts';
import { type Reply, xmlReply } from '../../http/reply.ts';
import { element, malformed, parseXml, s3Namespace, text, type XmlElement, xmlDocument } from '../../xml.ts';
import type { BucketCall } from '../call.ts';
import { readMode } from '../lock-headers.ts';
import type { DefaultRetention } from '../lock-rules.ts';
import { readCheckedBody } from '../read-checked-body.ts';

export function getObjectLock(call: BucketCall): Reply {
  const config = call.bucket.objectLock;
  if (config === undefined) {
    throw new AwsError('ObjectLockConfigurationNotFoundError', 'Object Lock is not on for this bucket');
  }
  const rule = config.defaultRetention;
  const retention =
    rule === undefined
      ? ''
      : element(
          'Rule',
          element('DefaultRetention', text('Mode', rule.mode), text('Days', rule.days), text('Years', rule.years)),
        );
  return xmlReply(xmlDocument('ObjectLockConfiguration', s3Namespace, text('ObjectLockEnabled', 'Enabled'), retention));
}

export async function putObjectLock(call: BucketCall): Promise<Reply> {
  const request = parseXml(await readCheckedBody(call), 'ObjectLockConfiguration');
  if (request.text('ObjectLockEnabled') !== 'Enabled') throw malformed();
  if (call.bucket.versioning !== 'Enabled') {
    throw new AwsError(
      'InvalidBucketState',
      "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
    );
  }
  const rule = request.one('Rule')?.one('DefaultRetention');
  const defaultRetention = rule === undefined ? undefined : readDefaultRetention(rule);
  call.bucket.change({ objectLock: { defaultRetention } });
  return { status: 200 };
}

function readDefaultRetention(rule: XmlElement): DefaultRetention {
  const days = readPositive(rule.text('Days'));
  const years = readPositive(rule.text('Years'));
  if ((days === undefined) === (years === undefined)) throw malformed();
  return { mode: readMode(rule.text('Mode')), days, years };
}

function readPositive(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,6}$/.test(value) || Number(value) < 1) {
    throw new AwsError('InvalidArgument', 'a default retention is a whole number above 0');
  }
  return Number(value);
}
