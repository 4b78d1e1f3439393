import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Role, User } from './iam/directory.ts';
import { Bucket, type KeptConfig, type Versioning } from './s3/bucket.ts';
import type { ObjectVersion } from './s3/object-version.ts';
import type { MultipartUpload, UploadedPart } from './s3/upload.ts';
import type { World } from './world.ts';

/** Changes are written at most this often; a stand-in that is killed forgets what came after the last write. */
const saveIntervalMs = 1000;

export interface StateFile {
  noteChange(): void;
  save(): Promise<void>;
}

interface SavedBucket {
  readonly name: string;
  readonly accountId: string;
  readonly region: string;
  readonly createdMs: number;
  readonly versioning: Versioning;
  readonly objectLock: Bucket['objectLock'];
  readonly configs: readonly (readonly [KeptConfig, string])[];
  /** Oldest first within a key. */
  readonly versions: readonly ObjectVersion[];
  readonly uploads: readonly (Omit<MultipartUpload, 'parts'> & { readonly parts: readonly UploadedPart[] })[];
}

interface SavedState {
  readonly aheadMs: number;
  readonly users: readonly User[];
  readonly roles: readonly Role[];
  readonly buckets: readonly SavedBucket[];
}

/** Keeps what the world knows, bytes apart, in one JSON file of `folder`; reads it back first if it is there. */
export async function openStateFile(world: World, folder: string): Promise<StateFile> {
  const path = join(folder, 'state.json');
  await mkdir(folder, { recursive: true });
  restore(world, await readState(path));
  let timer: NodeJS.Timeout | undefined;
  let saving: Promise<void> = Promise.resolve();
  const save = () => {
    clearTimeout(timer);
    timer = undefined;
    saving = saving.catch(() => undefined).then(() => write(path, JSON.stringify(snapshot(world))));
    return saving;
  };
  return {
    noteChange: () => {
      timer ??= setTimeout(() => void save().catch(() => undefined), saveIntervalMs).unref();
    },
    save,
  };
}

/** Renamed into place, so that a reader finds the old state or the new one. */
async function write(path: string, json: string): Promise<void> {
  await writeFile(`${path}.new`, json);
  await rename(`${path}.new`, path);
}

async function readState(path: string): Promise<SavedState | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as SavedState;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function snapshot(world: World): SavedState {
  return {
    aheadMs: world.clock.aheadMs,
    users: world.directory.users(),
    roles: world.directory.roles(),
    buckets: [...world.buckets.values()].map((bucket) => ({
      name: bucket.name,
      accountId: bucket.accountId,
      region: bucket.region,
      createdMs: bucket.createdMs,
      versioning: bucket.versioning,
      objectLock: bucket.objectLock,
      configs: [...bucket.configs],
      versions: bucket.keys.sorted().flatMap((key) => bucket.versionsOf(key).toReversed()),
      uploads: [...bucket.uploads.values()].map((upload) => ({ ...upload, parts: [...upload.parts.values()] })),
    })),
  };
}

function restore(world: World, state: SavedState | undefined): void {
  if (state === undefined) return;
  world.clock.advance(state.aheadMs / 1000);
  world.directory.restore(state.users, state.roles);
  for (const saved of state.buckets) {
    const bucket = new Bucket(saved);
    bucket.versioning = saved.versioning;
    bucket.objectLock = saved.objectLock;
    for (const [name, body] of saved.configs) bucket.configs.set(name, body);
    for (const version of saved.versions) bucket.push(version);
    for (const upload of saved.uploads) {
      const parts = new Map(upload.parts.map((part) => [part.partNumber, part]));
      bucket.uploads.set(upload.uploadId, { ...upload, parts });
    }
    world.buckets.set(bucket.name, bucket);
  }
}
