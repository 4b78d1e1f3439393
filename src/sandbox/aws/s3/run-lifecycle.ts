import type { World } from '../world.ts';
import type { Bucket } from './bucket.ts';
import { type LifecycleAction, planKey, planUploads } from './lifecycle.ts';
import { parseLifecycle } from './lifecycle-rules.ts';
import { discard } from './publish-object.ts';

/** Runs every bucket's lifecycle once, at the server's time; real S3 does so about once a day. @returns what was done */
export async function runLifecycle(world: World): Promise<readonly LifecycleAction[]> {
  const done: LifecycleAction[] = [];
  for (const bucket of world.buckets.values()) {
    const actions = planBucket(bucket, world.clock.nowMs());
    for (const action of actions) await perform(world, bucket, action);
    done.push(...actions);
  }
  return done;
}

function planBucket(bucket: Bucket, nowMs: number): readonly LifecycleAction[] {
  const source = bucket.config('lifecycle');
  if (source === undefined) return [];
  const rules = parseLifecycle(source);
  const isVersioned = bucket.versioning !== undefined;
  const byKey = bucket.keys
    .sorted()
    .flatMap((key) => planKey(rules, { versions: bucket.versionsOf(key), isVersioned, nowMs }));
  return [...byKey, ...planUploads(rules, bucket.uploads.values(), nowMs)];
}

async function perform(world: World, bucket: Bucket, action: LifecycleAction): Promise<void> {
  switch (action.kind) {
    case 'hide':
      return discard(world.extents, bucket.pushMarker(action.key, world.clock.nowMs()).replaced);
    case 'delete':
      return discard(world.extents, bucket.remove(action.key, action.versionId));
    case 'transition': {
      const version = bucket.find(action.key, action.versionId);
      if (version?.kind === 'object') bucket.replace({ ...version, storageClass: action.storageClass });
      return;
    }
    case 'abort': {
      const upload = bucket.endUpload(action.uploadId);
      return world.extents.remove([...(upload?.parts.values() ?? [])].map((part) => part.extent));
    }
  }
}
