import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publicKeys } from '../../../src/archive/manifest/public-keys.ts';
import { type FolderVerification, verifyFolder } from '../../../src/archive/offline/verify-folder.ts';
import { planRepair } from '../../../src/archive/repair/plan-repair.ts';
import type { Remedy, RepairPlan } from '../../../src/archive/repair/repair-plan.ts';
import { type RepairOutcome, repairUnit } from '../../../src/archive/repair/repair-unit.ts';
import { downloadArchive } from '../../../src/cli/demo/archive/downloaded.ts';
import type { PartRecord, WholeUnit } from '../../../src/registry/archive/unit-record.ts';
import { type ArchiveScene, archiveBucket } from '../../support/archive-scene.ts';
import { unitsOf } from '../../support/archive-truth.ts';
import { validate } from '../validate/archived-scene.ts';

export async function unitOf(scene: ArchiveScene, table = 'public.ledger', month?: string): Promise<WholeUnit> {
  const unit = (await unitsOf(scene, { table })).find((one) => month === undefined || one.month === month);
  assert.ok(unit !== undefined, `${table} has no unit`);
  return unit;
}

export function planOf({ context }: ArchiveScene, { id: unitId }: Pick<WholeUnit, 'id'>): Promise<RepairPlan> {
  return planRepair(context, { unitId, signal: new AbortController().signal });
}

export function repair(
  { context }: ArchiveScene,
  { id: unitId }: Pick<WholeUnit, 'id'>,
  { takesChangedRows = false }: { readonly takesChangedRows?: boolean } = {},
): Promise<RepairOutcome> {
  const { signal } = new AbortController();
  return repairUnit(context, { unitId, takesChangedRows, actor: 'test', signal });
}

/** Kinds of the remedies, part by part. */
export function remedies({ entries }: RepairPlan): readonly Remedy['kind'][] {
  return entries.map(({ remedy }) => remedy.kind);
}

export function adviceOf({ entries }: RepairPlan): string {
  return entries.flatMap(({ remedy }) => (remedy.kind === 'impossible' ? remedy.advice : [])).join('\n');
}

export function address({ key, versionId }: Pick<PartRecord, 'key' | 'versionId'>) {
  assert.ok(versionId !== null);
  return { bucket: archiveBucket, key, versionId };
}

/** One bit of its rows. */
export async function flip(scene: ArchiveScene, part: PartRecord): Promise<void> {
  const bytes = Uint8Array.from(await scene.aws.admin.readObject(address(part)));
  bytes[200] = (bytes[200] ?? 0) ^ 1;
  await scene.aws.admin.damageObject({ ...address(part), body: bytes });
}

/** All that is in the bucket, as somebody has it who has nothing else. */
export async function verifyOffline({ context }: ArchiveScene): Promise<FolderVerification> {
  const folder = mkdtempSync(join(tmpdir(), 'billvault-repaired-'));
  try {
    await downloadArchive(context, folder);
    const keys = publicKeys(context.publicKeys);
    return await verifyFolder({ folder, keys, heads: [], isDeep: true, now: context.now() });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** That validation and verification find nothing wrong, and nothing odd but what is named. */
export async function assertSound(scene: ArchiveScene, warnings: readonly string[] = []): Promise<void> {
  const { findings, isClean } = await validate(scene, 'full');
  const found = findings.map(({ code, severity, subject, text }) => `${severity} ${code} ${subject} ${text}`);
  assert.ok(isClean, found.join('\n'));
  assert.deepEqual(
    findings.map(({ code }) => code),
    warnings,
    found.join('\n'),
  );
  const offline = await verifyOffline(scene);
  assert.ok(offline.ok, JSON.stringify(offline.findings, undefined, 2));
}
