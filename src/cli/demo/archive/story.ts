import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArchiveContext } from '../../../archive/context.ts';
import { placeHold } from '../../../archive/holds/place-hold.ts';
import { releaseHold } from '../../../archive/holds/release-hold.ts';
import { publicKeys } from '../../../archive/manifest/public-keys.ts';
import type { Month } from '../../../archive/month.ts';
import { verifyFolder } from '../../../archive/offline/verify-folder.ts';
import type { PlanFilter } from '../../../archive/plan/plan.ts';
import { planLines } from '../../../archive/plan/plan-lines.ts';
import { applyPolicies, planPolicies } from '../../../archive/policy/apply-policies.ts';
import { differenceLines } from '../../../archive/policy/policy-difference.ts';
import { advanceRestore } from '../../../archive/restore/advance-restore.ts';
import { planRestore } from '../../../archive/restore/plan-restore.ts';
import { restoreLines } from '../../../archive/restore/restore-lines.ts';
import { parseRestoreRequest } from '../../../archive/restore/restore-request.ts';
import { startRestore } from '../../../archive/restore/start-restore.ts';
import { collectPlan } from '../../../archive/run/collect-plan.ts';
import type { TableOutcome } from '../../../archive/run/outcome.ts';
import { runArchive } from '../../../archive/run/run-archive.ts';
import { validateArchive } from '../../../archive/validate/validate-archive.ts';
import { validationLines } from '../../../archive/validate/validation-lines.ts';
import type { Config } from '../../../config.ts';
import { findUnit } from '../../../registry/archive/find-unit.ts';
import { listManifests } from '../../../registry/archive/manifest.ts';
import type { SandboxAdmin } from '../../../sandbox/aws/admin.ts';
import { bytes, count } from '../../output/format.ts';
import { type Column, table } from '../../output/table.ts';
import type { Teller } from '../tell.ts';
import { setUpBucket } from './bucket.ts';
import { downloadArchive } from './downloaded.ts';
import { copyOfMonth, type Ledgers, withClient } from './ledger.ts';
import { queryInPlace } from './query-in-place.ts';
import { recoverRegistry } from './recovered.ts';
import { demoSettings } from './settings.ts';

export interface ArchiveStory {
  readonly archive: ArchiveContext;
  readonly config: Config;
  readonly admin: SandboxAdmin;
  readonly principalArn: string;
  readonly accountId: string;
  readonly ledgers: Ledgers;
  /** For what is downloaded; goes with the demo. */
  readonly folder: string;
  readonly tell: Teller;
  readonly signal: AbortSignal;
}

const actor = 'demo';
const source = 'ledger';

/** From aged rows in a database to a locked, proved, queryable archive and back, told as it happens. */
export async function tellArchiveStory(story: ArchiveStory): Promise<void> {
  const [heldMonth = '', lateMonth = ''] = story.ledgers.months;
  await setUpBucket(story);
  await applySettings(story);
  const copy = await copyOfMonth(story.archive, source, lateMonth);
  const holdId = await holdMonth(story, heldMonth);
  await dryRun(story);
  await archiveDue(story);
  const withLate = copy + (await addLateRow(story, lateMonth));
  await releaseAndPurge(story, holdId, heldMonth);
  await tamper(story);
  await restore(story, lateMonth, withLate);
  await recoverRegistry({ ...story, newRegistryUrl: story.ledgers.newRegistryUrl, source, actor });
  await leaveTheDatabase(story);
}

async function applySettings({ archive, config, tell }: ArchiveStory): Promise<void> {
  tell.chapter('Say what is archived, in billvault.yaml');
  tell.block(demoSettings.trimEnd());
  tell.line('');
  const wanted = config.archive?.policies ?? [];
  for (const line of differenceLines(await planPolicies(archive, wanted))) tell.line(line);
  await applyPolicies(archive.registry, { wanted, actor });
}

async function holdMonth({ archive, tell, signal }: ArchiveStory, month: Month): Promise<number> {
  tell.chapter('A court asks for a month: a hold, before anything else');
  const { hold } = await placeHold(archive, {
    source,
    table: 'public.credits',
    from: month,
    to: month,
    reason: 'case 2026-117',
    actor,
    signal,
  });
  tell.line(`hold ${hold.id}: public.credits ${month}, "case 2026-117"`);
  return hold.id;
}

async function dryRun({ archive, tell }: ArchiveStory): Promise<void> {
  tell.chapter('Dry run: what would be done, and why; nothing is done');
  for (const line of planLines(await collectPlan(archive, { source, filter: {} }))) tell.line(line);
}

async function archiveDue(story: ArchiveStory): Promise<void> {
  const { tell, archive } = story;
  tell.chapter('Archive every month that is due: one snapshot, parquet, locked, read back and proved, then purged');
  const outcomes = await run(story);
  tell.block(await outcomeTable(archive, outcomes));
  const manifests = await listManifests(archive.registry, { source });
  tell.line('');
  for (const { key, sha256 } of manifests) tell.line(`manifest ${sha256.slice(0, 16)}…  ${key}`);
}

async function addLateRow(story: ArchiveStory, month: Month): Promise<string> {
  const { tell, archive, ledgers } = story;
  tell.chapter('A row comes late, into a month that is archived and purged: it becomes a further part');
  await withClient(ledgers.ledgerUrl, (client) =>
    client.query(
      `insert into credits (account, kind, amount, note, created_at)
       values ('acct-000001', 'refund', 42.5, 'late', $1::timestamptz + interval '1 month' - interval '1 second')`,
      [`${month}-01T00:00:00Z`],
    ),
  );
  const late = await copyOfMonth(archive, source, month);
  tell.block(await outcomeTable(archive, await run(story)));
  return late;
}

async function releaseAndPurge(story: ArchiveStory, holdId: number, month: Month): Promise<void> {
  const { tell, archive, ledgers, signal } = story;
  tell.chapter('The hold kept its rows in the database; released, they are purged by the next run');
  const rows = () =>
    withClient(ledgers.ledgerUrl, async (client) => {
      const { rows: found } = await client.query<{ rows: number }>(
        "select count(*)::int as rows from credits where to_char(created_at, 'YYYY-MM') = $1",
        [month],
      );
      return found[0]?.rows ?? 0;
    });
  tell.line(`public.credits ${month} under hold: archived, and ${count(await rows())} rows still there`);
  await releaseHold(archive, { id: holdId, reason: 'case closed', actor, signal });
  await run(story);
  tell.line(`released and run again: ${count(await rows())} rows there`);
}

/** The stand-in's owner can do what nobody on AWS can: change the bytes of a locked object. */
async function tamper(story: ArchiveStory): Promise<void> {
  const { archive, admin, tell, signal } = story;
  tell.chapter('Somebody tampers with a stored object: validation finds it');
  const part = await archive.registry.archivePart.findFirstOrThrow({
    where: { state: 'VERIFIED', unit: { table: { tableName: 'admin_actions' } } },
    orderBy: { id: 'asc' },
  });
  const address = { bucket: part.bucket, key: part.key, versionId: part.versionId ?? '' };
  const whole = await admin.readObject(address);
  const flipped = Uint8Array.from(whole);
  const middle = Math.floor(flipped.length / 2);
  flipped[middle] = (flipped[middle] ?? 0) ^ 1;
  await admin.damageObject({ ...address, body: flipped });
  const request = { selection: {}, level: 'full', trigger: 'manual', actor, signal } as const;
  for (const line of validationLines(await validateArchive(archive, request))) tell.line(line);
  await admin.damageObject({ ...address, body: whole });
  const [outcome] = await run(story, { retryNow: true });
  tell.line(`it was one flipped bit; put back, the next run proves the part again: ${outcome?.kind}`);
}

async function restore({ archive, tell, signal }: ArchiveStory, month: Month, before: string): Promise<void> {
  tell.chapter(`Restore ${month} into a fresh database, and compare it with what it was`);
  const request = parseRestoreRequest({
    source,
    selection: { tables: ['public.credits'], from: month, to: month },
    target: { kind: 'itself', source: 'fresh' },
  });
  const plan = await planRestore(archive, request);
  for (const line of restoreLines(plan)) tell.line(line);
  const { id } = await startRestore(archive, { plan, actor });
  const progress = await advanceRestore(archive, { restoreId: id, signal });
  const after = await copyOfMonth(archive, 'fresh', month);
  tell.line(`restore ${id}: ${progress.kind}`);
  tell.line(`COPY before its purge:  ${bytes(before.length)}, SHA-256 ${sha256(before)}`);
  tell.line(`COPY after its restore: ${bytes(after.length)}, SHA-256 ${sha256(after)}`);
  tell.line(before === after ? 'byte for byte the same' : 'NOT THE SAME');
}

async function leaveTheDatabase({ archive, folder, tell, signal }: ArchiveStory): Promise<void> {
  tell.chapter('The auditor: downloads the bucket, and needs nothing of ours but the public key');
  const downloaded = join(folder, 'downloaded');
  mkdirSync(downloaded, { recursive: true });
  const objects = await downloadArchive(archive, downloaded);
  const keyFile = join(folder, 'archive.pub');
  writeFileSync(keyFile, archive.signer.publicKeyPem);
  tell.line(`${objects} objects downloaded`);
  tell.line(`$ billvault verify --offline ${downloaded} --public-key ${keyFile}`);
  const keys = publicKeys([archive.signer.publicKeyPem]);
  const verification = await verifyFolder({
    folder: downloaded,
    keys,
    heads: [],
    isDeep: true,
    now: new Date(),
    signal,
  });
  const { manifests, parts, rows, ok, findings } = verification;
  tell.line(`${manifests} manifests, ${parts} parts, ${count(rows)} rows: ${ok ? 'all proved' : 'NOT PROVED'}`);
  for (const { code, text } of findings) tell.line(`  ${code} ${text}`);
  tell.chapter('The analyst: DuckDB reads the same files as they lie');
  await queryInPlace(archive, downloaded, tell);
}

async function run({ archive, signal }: ArchiveStory, filter: PlanFilter = {}): Promise<readonly TableOutcome[]> {
  const { outcomes } = await runArchive(archive, { source, filter, trigger: 'manual', actor, signal });
  return outcomes;
}

async function outcomeTable({ registry }: ArchiveContext, outcomes: readonly TableOutcome[]): Promise<string> {
  const rows = await Promise.all(
    outcomes.map(async ({ entry, kind, unitId, purgedRows = 0, failure }) => {
      const unit = unitId === undefined ? undefined : await findUnit(registry, unitId);
      const { parts = [], retainUntil } = unit ?? {};
      const archived = parts.reduce((sum, part) => sum + part.rows, 0);
      const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
      return { entry, kind: failure?.text ?? kind, archived, parts: parts.length, sizeBytes, purgedRows, retainUntil };
    }),
  );
  const columns: readonly Column<(typeof rows)[number]>[] = [
    { title: 'table', of: ({ entry }) => `${entry.schema}.${entry.table}` },
    { title: 'month', of: ({ entry }) => entry.month ?? '' },
    { title: 'is', of: ({ kind }) => kind },
    { title: 'rows', of: ({ archived }) => count(archived), align: 'right' },
    { title: 'parts', of: ({ parts }) => count(parts), align: 'right' },
    { title: 'size', of: ({ sizeBytes }) => bytes(sizeBytes), align: 'right' },
    { title: 'purged', of: ({ purgedRows }) => count(purgedRows), align: 'right' },
    { title: 'locked until', of: ({ retainUntil }) => retainUntil?.toISOString().slice(0, 10) ?? '' },
  ];
  return table(columns, rows);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
