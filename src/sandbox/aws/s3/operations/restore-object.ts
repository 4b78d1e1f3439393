import { AwsError } from '../../aws-error.ts';
import type { Reply } from '../../http/reply.ts';
import { malformed, parseXml, type XmlElement } from '../../xml.ts';
import type { ObjectCall } from '../call.ts';
import { findVersion } from '../find-version.ts';
import { readCheckedBody } from '../read-checked-body.ts';
import { extendRestore, type RestoreTier, requestRestore, restoreState, restoreTiers } from '../restore.ts';
import { isCold } from '../storage-class.ts';

/** 202 when the restore begins, 200 when the copy is there already (its end is moved), 409 while it is on its way. */
export async function restoreObject(call: ObjectCall): Promise<Reply> {
  const request = parseXml(await readCheckedBody(call), 'RestoreRequest');
  const days = Number(request.text('Days'));
  if (!Number.isInteger(days) || days < 1) throw malformed();
  const object = findVersion(call);
  if (!isCold(object.storageClass)) {
    throw new AwsError('InvalidObjectState', "Restore is not allowed for the object's current storage class", {
      fields: { StorageClass: object.storageClass },
    });
  }
  switch (restoreState(object.restore, call.nowMs)) {
    case 'ongoing':
      throw new AwsError('RestoreAlreadyInProgress', 'a restore of this object is under way');
    case 'ready':
      if (object.restore !== undefined) {
        call.bucket.replace({ ...object, restore: extendRestore(object.restore, days, call.nowMs) });
      }
      return { status: 200 };
    case 'none': {
      const restore = requestRestore(object.storageClass, { tier: readTier(request), days }, call.nowMs);
      call.bucket.replace({ ...object, restore });
      return { status: 202 };
    }
  }
}

function readTier(request: XmlElement): RestoreTier {
  const named = request.one('GlacierJobParameters')?.text('Tier') ?? request.text('Tier') ?? 'Standard';
  const tier = restoreTiers.find((known) => known === named);
  if (tier === undefined) throw malformed();
  return tier;
}
