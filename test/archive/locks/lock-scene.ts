import assert from 'node:assert/strict';
import { type ExtendLocksRequest, extendLocks, type LockExtension } from '../../../src/archive/locks/extend-locks.ts';
import { readManifest } from '../../../src/archive/manifest/read-manifest.ts';
import { listManifests } from '../../../src/registry/archive/manifest.ts';
import type { LockMode } from '../../../src/registry/archive/unit-record.ts';
import type { ArchiveScene } from '../../support/archive-scene.ts';
import { unitsOf } from '../../support/archive-truth.ts';
import { dayMillis } from '../validate/archived-scene.ts';

export const nothing: LockExtension = {
  units: 0,
  parts: 0,
  manifests: 0,
  furtherManifests: 0,
  weak: 0,
  failed: 0,
  failures: [],
};

export function extend(
  scene: ArchiveScene,
  options: Partial<Pick<ExtendLocksRequest, 'source' | 'bypassesGovernance' | 'signal'>> = {},
): Promise<LockExtension> {
  return extendLocks(scene.context, { actor: 'test', signal: new AbortController().signal, ...options });
}

/** Two days on, what a validation misses is not just under way. */
export function later(scene: ArchiveScene): void {
  scene.setNow(new Date(Date.now() + 2 * dayMillis));
}

/** Every part's lock as the bucket has it, which is also what is on record, as `2026-05 COMPLIANCE 2036-06-01`. */
export async function partLocks(scene: ArchiveScene): Promise<readonly string[]> {
  const parts = (await unitsOf(scene)).flatMap(({ month, parts: ofUnit }) =>
    ofUnit.map((part) => ({ ...part, month })),
  );
  return locksOf(scene, parts);
}

/** As `partLocks`, in the order of the chain, in which none may be locked for less than the one before it. */
export async function manifestLocks(scene: ArchiveScene): Promise<readonly string[]> {
  const manifests = await listManifests(scene.context.registry, { source: 'ledger' });
  for (const [i, { retainUntil, sequence }] of manifests.entries()) {
    const before = manifests[i - 1];
    assert.ok(before === undefined || before.retainUntil <= retainUntil, `${sequence} is kept for less`);
  }
  return locksOf(scene, manifests);
}

/** What the last manifest says, signed, of its month's parts and of the manifest before it. */
export async function lastManifest(scene: ArchiveScene) {
  const last = (await listManifests(scene.context.registry, { source: 'ledger' })).at(-1);
  assert.ok(last);
  const { period, files, previous, retention_years } = readManifest(Buffer.from(last.body)).manifest;
  return {
    period,
    files: files.map(({ lock_mode, retain_until }) => `${lock_mode} ${retain_until.slice(0, 10)}`),
    previous: previous?.retain_until.slice(0, 10),
    years: retention_years,
  };
}

interface Locked {
  readonly month: string;
  readonly key: string;
  readonly versionId: string | null;
  readonly lockMode: LockMode;
  readonly retainUntil: Date;
}

async function locksOf(scene: ArchiveScene, objects: readonly Locked[]): Promise<readonly string[]> {
  await using store = scene.context.openStore('verifier');
  const locks: string[] = [];
  for (const { month, key, versionId, lockMode: mode, retainUntil } of objects) {
    assert.ok(versionId !== null);
    assert.deepEqual(await store.lock(key, versionId), { mode, retainUntil }, key);
    locks.push(`${month} ${mode} ${retainUntil.toISOString().slice(0, 10)}`);
  }
  return locks;
}
