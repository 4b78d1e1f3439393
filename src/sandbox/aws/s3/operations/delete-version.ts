import { AwsError } from '../../aws-error.ts';
import { demand, type ObjectCall, objectArn } from '../call.ts';
import { mayDelete } from '../lock-rules.ts';
import { discard } from '../publish-object.ts';

export interface Deleted {
  /** The version that is gone, or the marker that was made; undefined in a bucket without versions. */
  readonly versionId: string | undefined;
  /** A marker was made, or the version that is gone was one. */
  readonly isMarker: boolean;
}

/**
 * Deletes one version for good when `versionId` names it, else hides the key behind a delete marker (or, in a bucket that
 * never was versioned, takes the object out). What is not there is deleted already.
 * @throws AwsError AccessDenied when Object Lock protects the version
 */
export async function deleteVersion(call: ObjectCall, versionId: string | null): Promise<Deleted> {
  const { bucket, key, world } = call;
  bucket.races.noteDelete(key);
  if (versionId !== null) {
    demandUnlocked(call, versionId);
    const gone = bucket.remove(key, versionId);
    await discard(world.extents, gone);
    return { versionId, isMarker: gone?.kind === 'marker' };
  }
  if (bucket.versioning === undefined) {
    await discard(world.extents, bucket.remove(key, 'null'));
    return { versionId: undefined, isMarker: false };
  }
  const { marker, replaced } = bucket.pushMarker(key, world.clock.nowMs());
  await discard(world.extents, replaced);
  return { versionId: marker.versionId, isMarker: true };
}

function demandUnlocked(call: ObjectCall, versionId: string): void {
  const version = call.bucket.find(call.key, versionId);
  if (version?.kind !== 'object') return;
  if (mayDelete(version.lock, { nowMs: call.nowMs, bypassGovernance: false })) return;
  if (!mayDelete(version.lock, { nowMs: call.nowMs, bypassGovernance: asksToBypass(call) })) throw protectedByLock();
  demand(call, 's3:BypassGovernanceRetention', objectArn(call));
}

export function asksToBypass(call: ObjectCall): boolean {
  return call.headers.get('x-amz-bypass-governance-retention')?.toLowerCase() === 'true';
}

export function protectedByLock(): AwsError {
  return new AwsError('AccessDenied', 'Object Lock keeps this version');
}
