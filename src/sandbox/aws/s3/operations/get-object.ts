import { AwsError } from '../../aws-error.ts';
import type { HeaderFields, Reply } from '../../http/reply.ts';
import { demand, type ObjectCall } from '../call.ts';
import { readExtents } from '../extent-store.ts';
import { findVersion } from '../find-version.ts';
import { checksumHeaders, describeObject } from '../object-headers.ts';
import type { StoredObject } from '../object-version.ts';
import { checkReadConditions } from '../preconditions.ts';
import { type ByteRange, parseRange } from '../range.ts';
import { restoreState } from '../restore.ts';
import { isCold } from '../storage-class.ts';

export function getObject(call: ObjectCall): Reply {
  const object = findVersion(call);
  checkReadConditions(call.headers, object);
  demandWarm(call, object);
  if (object.encryption.keyArn !== undefined) demand(call, 'kms:Decrypt', object.encryption.keyArn);
  const head = headOf(call, object);
  const { start, end } = head.range;
  const { extents } = call.world;
  const release = extents.hold(object.extents);
  return { ...head.reply, body: readExtents(extents, object.extents, start, end), release };
}

export function headObject(call: ObjectCall): Reply {
  const object = findVersion(call);
  checkReadConditions(call.headers, object);
  return headOf(call, object).reply;
}

function headOf(call: ObjectCall, object: StoredObject): { readonly reply: Reply; readonly range: ByteRange } {
  const whole: ByteRange = { start: 0, end: object.sizeBytes };
  const partNumber = call.query.get('partNumber');
  const asked =
    partNumber === null
      ? parseRange(call.headers.get('range'), object.sizeBytes)
      : rangeOfPart(object, Number(partNumber));
  const range = asked ?? whole;
  const headers = {
    ...describeObject(call, object),
    ...overrides(call.query),
    ...wholeChecksum(call, object, asked),
    'content-length': String(range.end - range.start),
    'content-range': asked === undefined ? undefined : `bytes ${range.start}-${range.end - 1}/${object.sizeBytes}`,
    'x-amz-mp-parts-count': partNumber !== null && object.partCount > 0 ? String(object.partCount) : undefined,
  };
  return { reply: { status: asked === undefined ? 200 : 206, headers }, range };
}

/** A checksum is of the whole object, so a range of it is answered without; under KMS it takes the right to decrypt. */
function wholeChecksum(call: ObjectCall, object: StoredObject, asked: ByteRange | undefined): HeaderFields {
  if (asked !== undefined || call.headers.get('x-amz-checksum-mode')?.toUpperCase() !== 'ENABLED') return {};
  if (object.encryption.keyArn !== undefined) demand(call, 'kms:Decrypt', object.encryption.keyArn);
  return checksumHeaders(object);
}

function rangeOfPart(object: StoredObject, partNumber: number): ByteRange {
  const extent = object.extents[partNumber - 1];
  if (extent === undefined) throw new AwsError('InvalidRange', 'the object has no such part');
  const before = object.extents.slice(0, partNumber - 1);
  const start = before.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { start, end: start + extent.sizeBytes };
}

function overrides(query: URLSearchParams): HeaderFields {
  const names = [
    'content-type',
    'content-language',
    'expires',
    'cache-control',
    'content-disposition',
    'content-encoding',
  ];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = query.get(`response-${name}`);
      return value === null ? [] : [[name, value]];
    }),
  );
}

function demandWarm(call: ObjectCall, object: StoredObject): void {
  if (!isCold(object.storageClass) || restoreState(object.restore, call.nowMs) === 'ready') return;
  throw new AwsError('InvalidObjectState', "The operation is not valid for the object's storage class", {
    fields: { StorageClass: object.storageClass },
  });
}
