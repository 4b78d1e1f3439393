import { AwsError } from '../../aws-error.ts';
import { type Reply, xmlReply } from '../../http/reply.ts';
import { malformed, parseXml, s3Namespace, text, xmlDocument } from '../../xml.ts';
import { demand, type ObjectCall, objectArn } from '../call.ts';
import { findVersion } from '../find-version.ts';
import { noLockConfiguration, readRetention } from '../lock-headers.ts';
import { mayReplaceRetention } from '../lock-rules.ts';
import { holdStatus } from '../object-headers.ts';
import type { StoredObject } from '../object-version.ts';
import { readCheckedBody } from '../read-checked-body.ts';
import { asksToBypass, protectedByLock } from './delete-version.ts';

export function getRetention(call: ObjectCall): Reply {
  const { retention } = lockable(call).lock;
  if (retention === undefined) throw nothingSet();
  const until = new Date(retention.untilMs).toISOString();
  return xmlReply(xmlDocument('Retention', s3Namespace, text('Mode', retention.mode), text('RetainUntilDate', until)));
}

export async function putRetention(call: ObjectCall): Promise<Reply> {
  lockable(call);
  const request = parseXml(await readCheckedBody(call), 'Retention');
  const mode = request.text('Mode');
  const until = request.text('RetainUntilDate');
  if ((mode === undefined) !== (until === undefined)) throw malformed();
  const after = mode === undefined || until === undefined ? undefined : readRetention(mode, until, call.nowMs);
  // Looked up again after the body has been read: another request may have changed it meanwhile.
  const object = lockable(call);
  const before = object.lock.retention;
  if (!mayReplaceRetention(before, after, { nowMs: call.nowMs, bypassGovernance: false })) {
    if (!mayReplaceRetention(before, after, { nowMs: call.nowMs, bypassGovernance: asksToBypass(call) })) {
      throw protectedByLock();
    }
    demand(call, 's3:BypassGovernanceRetention', objectArn(call));
  }
  call.bucket.replace({ ...object, lock: { ...object.lock, retention: after } });
  return { status: 200 };
}

export function getLegalHold(call: ObjectCall): Reply {
  const { legalHold } = lockable(call).lock;
  if (legalHold === undefined) throw nothingSet();
  return xmlReply(xmlDocument('LegalHold', s3Namespace, text('Status', holdStatus(legalHold))));
}

export async function putLegalHold(call: ObjectCall): Promise<Reply> {
  lockable(call);
  const status = parseXml(await readCheckedBody(call), 'LegalHold').text('Status');
  if (status !== 'ON' && status !== 'OFF') throw malformed();
  const object = lockable(call);
  call.bucket.replace({ ...object, lock: { ...object.lock, legalHold: status === 'ON' } });
  return { status: 200 };
}

function lockable(call: ObjectCall): StoredObject {
  if (call.bucket.objectLock === undefined) throw noLockConfiguration();
  return findVersion(call);
}

function nothingSet(): AwsError {
  return new AwsError('NoSuchObjectLockConfiguration', 'the version has no such lock');
}
