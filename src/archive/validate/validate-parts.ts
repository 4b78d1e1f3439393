import pLimit from 'p-limit';
import { byteSource } from '../../aws/byte-source.ts';
import { toAppError } from '../../errors.ts';
import {
  doubtPart,
  findStoredParts,
  listPartsToValidate,
  markPartsValidated,
  type PartLevel,
  type StoredPartRecord,
} from '../../registry/archive/validated-part.ts';
import { holdsOn } from '../plan/holds-on.ts';
import { proveContent } from '../verify/verify-part.ts';
import type { ValidationCode } from './finding.ts';
import { isOfTheWay, type Look, lookAtObject, type Problem } from './look-at-object.ts';
import { type ReadBudget, readBudget } from './read-budget.ts';
import type { ValidationJob } from './validation-job.ts';

/** Records of parts held at once. */
const partsOfBatch = 200;
/** A HEAD is a round trip and nothing else. */
const parallelHeads = 16;
/** Every reading has a decoder's thread and its memory. */
const parallelReads = 2;

/** What takes a part's word from it: it is gone, changed, or anybody could make it so. */
const doubtful: ReadonlySet<ValidationCode> = new Set<ValidationCode>(['FILE_MISSING', 'PROOF_FAILED', 'LOCK_MISSING']);

/** Every part on record, those first that were read longest ago: of these a sample reads as many as it may. */
export async function validateParts(job: ValidationJob): Promise<void> {
  const { registry } = job.context;
  const parts = await listPartsToValidate(registry, job.selection);
  const budget = readBudget(job.level, parts.length);
  for (let start = 0; start < parts.length; start += partsOfBatch) {
    job.signal.throwIfAborted();
    const ids = parts.slice(start, start + partsOfBatch).map(({ id }) => id);
    await validateBatch(job, budget, await findStoredParts(registry, ids));
  }
}

async function validateBatch(
  job: ValidationJob,
  budget: ReadBudget,
  batch: readonly StoredPartRecord[],
): Promise<void> {
  const heads = pLimit(parallelHeads);
  const looks = await Promise.all(batch.map((stored) => heads(() => look(job, stored))));
  const reads = pLimit(parallelReads);
  const inOrder: Record<PartLevel, number[]> = { head: [], full: [] };
  await Promise.all(
    batch.map((stored, i) => {
      const seen = looks[i];
      const isRead = seen?.kind === 'seen' && isWorthReading(seen) && budget.take(stored.part.sizeBytes);
      return reads(async () => {
        if (seen === undefined) return;
        const level = await judge(job, stored, isRead ? await read(job, stored, seen) : seen, isRead);
        if (level !== undefined) inOrder[level].push(stored.part.id);
      });
    }),
  );
  const { registry } = job.context;
  for (const level of ['head', 'full'] as const) {
    await markPartsValidated(registry, inOrder[level], { level, at: job.now });
  }
}

function look(job: ValidationJob, { part, unit, isTaken }: StoredPartRecord): Promise<Look> {
  const isHeld = part.legalHold || holdsOn(job.holds, unit, job.now).length > 0;
  return lookAtObject(job, { ...part, isHeld, isTaken });
}

/** What is known to have other bytes needs no reading; nor does what only a restore could make readable. */
function isWorthReading({ head, problems }: Extract<Look, { readonly kind: 'seen' }>): boolean {
  return !head.isCold && problems.every(({ code }) => code !== 'PROOF_FAILED');
}

/** What reading all of it adds to what the HEAD said. @throws AppError CANCELLED */
async function read(
  job: ValidationJob,
  stored: StoredPartRecord,
  seen: Extract<Look, { readonly kind: 'seen' }>,
): Promise<Look> {
  const { part, unit } = stored;
  const { store, signal } = job;
  const { head } = seen;
  try {
    await proveContent({ store, unit, part, signal }, head);
    return seen;
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = toAppError(error);
    // Went cold, or away, between the HEAD and the GET.
    if (code === 'FILE_COLD') return { ...seen, head: { ...head, isCold: true } };
    if (code === 'FILE_MISSING') return look(job, stored);
    if (isOfTheWay(code)) return { kind: 'unchecked', text: `${code}: ${message}` };
    return { ...seen, problems: [...seen.problems, await contentProblem(job, stored, seen, message)] };
  }
}

/**
 * Why a part could not be proved: only other bytes than those on record are the bucket's fault. The same bytes that our
 * reader cannot read any more are ours, and no reason to doubt the part.
 */
async function contentProblem(
  { store, signal }: ValidationJob,
  { part }: StoredPartRecord,
  { head }: Extract<Look, { readonly kind: 'seen' }>,
  why: string,
): Promise<Problem> {
  const { key, sizeBytes, etag, versionId } = head;
  const source = byteSource(store.readerOf(versionId), { key, sizeBytes, etag, signal });
  try {
    const { sha256 } = await source.finish();
    if (sha256 === part.sha256) {
      return { code: 'UNCHECKED', text: `its bytes are those on record, and yet they could not be read: ${why}` };
    }
    return { code: 'PROOF_FAILED', text: `its bytes have SHA-256 ${sha256}, on record is ${part.sha256} (${why})` };
  } catch (error) {
    signal.throwIfAborted();
    return { code: 'UNCHECKED', text: toAppError(error).message };
  } finally {
    await source.close();
  }
}

/** Counts one part, tells what is wrong with it. @returns the level at which it is in order */
async function judge(
  job: ValidationJob,
  stored: StoredPartRecord,
  seen: Look,
  isRead: boolean,
): Promise<PartLevel | undefined> {
  const { counts, findings } = job;
  const { part } = stored;
  const subject = `s3://${part.bucket}/${part.key}`;
  counts.parts++;
  counts.bytes += part.sizeBytes;
  switch (seen.kind) {
    case 'expired':
      counts.expired++;
      return undefined;
    case 'unchecked':
      counts.unchecked++;
      findings.add('error', 'UNCHECKED', subject, seen.text);
      return undefined;
    case 'missing':
      return fail(job, stored, [{ code: 'FILE_MISSING', text: seen.text }]);
    case 'seen':
      for (const { code, text } of seen.warnings) findings.add('warning', code, subject, text);
      if (seen.problems.length > 0) return fail(job, stored, seen.problems);
      if (seen.head.isCold) counts.cold++;
      else if (isRead) countFull(job, stored);
      else counts.head++;
      return isRead && !seen.head.isCold ? 'full' : 'head';
  }
}

function countFull({ counts }: ValidationJob, { part }: StoredPartRecord): void {
  counts.full++;
  counts.fullRows += part.rows;
  counts.fullBytes += part.sizeBytes;
}

async function fail(
  job: ValidationJob,
  { part, unit }: StoredPartRecord,
  problems: readonly Problem[],
): Promise<undefined> {
  const { counts, findings, context } = job;
  const subject = `s3://${part.bucket}/${part.key}`;
  for (const { code, text } of problems) findings.add('error', code, subject, text);
  if (problems.every(({ code }) => code === 'UNCHECKED')) counts.unchecked++;
  else counts.failed++;
  const reason = problems.find(({ code }) => doubtful.has(code));
  if (reason === undefined || part.state !== 'VERIFIED') return;
  const text = `${subject}, version ${part.versionId}: ${reason.text}`;
  if (!(await doubtPart(context.registry, part.id, text))) return;
  counts.doubted++;
  const { source, schema, table, month } = unit;
  context.log.error(
    { source, table: `${schema}.${table}`, month, code: reason.code, err: text },
    'part is not proved any more',
  );
}
