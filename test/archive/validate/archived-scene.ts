import assert from 'node:assert/strict';
import { monthRange } from '../../../src/archive/month.ts';
import { type Validation, validateArchive } from '../../../src/archive/validate/validate-archive.ts';
import type { ValidationLevel } from '../../../src/archive/validate/validation-job.ts';
import { type ArchiveScene, archiveBucket, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';

export const dayMillis = 86_400_000;

export interface StoredPart {
  readonly key: string;
  readonly versionId: string;
}

/** Months of one part each, archived and listed in manifests, under locks that the owner of the bucket can bypass. */
export async function openArchived(first: string, last: string): Promise<ArchiveScene> {
  const scene = await openArchiveScene();
  const months = monthRange(first, last);
  await makeLedger(scene, { months });
  await scene.policies({ lockMode: 'GOVERNANCE' });
  const { counts, outcomes } = await scene.run();
  assert.equal(counts.verified, months.length, JSON.stringify(outcomes));
  // Two days later, what is missing is not just under way.
  scene.setNow(new Date(Date.now() + 2 * dayMillis));
  return scene;
}

export async function partOf(scene: ArchiveScene, month: string): Promise<StoredPart> {
  const [part] = await scene.registryQuery<{ key: string; versionId: string }>(
    `select p.key, p.version_id as "versionId" from registry.archive_part p
       join registry.archive_unit u on u.id = p.unit_id where to_char(u.period, 'YYYY-MM') = $1`,
    [month],
  );
  assert.ok(part);
  return part;
}

/** The bytes of the object, changed, in its place, under its own version. */
export async function rewrite(
  scene: ArchiveScene,
  { key, versionId }: StoredPart,
  change: (bytes: Buffer) => Uint8Array,
): Promise<void> {
  const address = { bucket: archiveBucket, key, versionId };
  const bytes = Buffer.from(await scene.aws.admin.readObject(address));
  await scene.aws.admin.damageObject({ ...address, body: change(bytes) });
}

export function flip(bytes: Buffer): Buffer {
  const at = Math.floor(bytes.length / 3);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

export function validate(
  scene: Pick<ArchiveScene, 'context'>,
  level: ValidationLevel,
  selection: Parameters<typeof validateArchive>[1]['selection'] = {},
): Promise<Validation> {
  const { signal } = new AbortController();
  return validateArchive(scene.context, { selection, level, trigger: 'manual', actor: 'test', signal });
}

/** Changes the registry as somebody would who is past its guards. */
export async function tamper(scene: ArchiveScene, sql: string): Promise<void> {
  await scene.registryQuery(`begin; set local session_replication_role = replica; ${sql}; commit`);
}

/** Codes by month, of parts and of manifests alike. */
export function codesByMonth({ findings }: Validation): Readonly<Record<string, readonly string[]>> {
  const months = Map.groupBy(findings, ({ subject }) => {
    const [, year, month] = /(\d{4})(?:\/month=|\/|-)(\d{2})/.exec(subject) ?? [];
    return year === undefined ? '' : `${year}-${month}`;
  });
  return Object.fromEntries([...months].map(([month, found]) => [month, found.map(({ code }) => code).sort()]));
}

/** State of each month's part and unit. */
export async function statesByMonth(scene: ArchiveScene): Promise<Readonly<Record<string, string>>> {
  const rows = await scene.registryQuery<{ month: string; text: string }>(`
    select to_char(u.period, 'YYYY-MM') as month, p.state || ' ' || u.state || coalesce(' ' || u.error_code, '') as text
      from registry.archive_part p join registry.archive_unit u on u.id = p.unit_id order by 1`);
  return Object.fromEntries(rows.map(({ month, text }) => [month, text]));
}
