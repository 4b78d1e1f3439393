import { toAppError } from '../../errors.ts';
import { listHolds } from '../../registry/archive/hold.ts';
import { finishValidation, startValidation } from '../../registry/archive/validation.ts';
import type { Prisma } from '../../registry/generated/client.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import type { RunTrigger } from '../../registry/run/ingest-run.ts';
import type { ArchiveContext } from '../context.ts';
import { type ArchiveSelection, resolveSelection } from './archive-selection.ts';
import { noCounts, type ValidationCounts } from './counts.ts';
import { type ValidationFinding, ValidationFindings } from './finding.ts';
import { validateGaps } from './validate-gaps.ts';
import { validateListing } from './validate-listing.ts';
import { validateManifests } from './validate-manifests.ts';
import { validateParts } from './validate-parts.ts';
import type { ValidationJob, ValidationLevel } from './validation-job.ts';

export interface ValidateArchiveRequest {
  readonly selection: ArchiveSelection;
  readonly level: ValidationLevel;
  readonly trigger: RunTrigger;
  readonly actor: string;
  readonly signal: AbortSignal;
  /** Told the number of its record, once it has one. */
  readonly onStarted?: ((id: number) => void) | undefined;
}

export interface Validation {
  /** Of its record in the registry. */
  readonly id: number;
  readonly level: ValidationLevel;
  readonly selection: ArchiveSelection;
  /** Nothing was found wrong, and everything could be looked at as closely as the level says; warnings apart. */
  readonly isClean: boolean;
  readonly counts: Readonly<ValidationCounts>;
  readonly findings: readonly ValidationFinding[];
  readonly errors: number;
  readonly warnings: number;
}

/**
 * Compares what is in the bucket with what is on record. Nothing in the bucket is changed; a part that was proved and turns
 * out to be gone, changed or unlocked is not VERIFIED any more, so that nothing is purged on its word.
 * @throws AppError when registry or bucket cannot be used at all, CANCELLED; it is in the validation's record as well
 */
export async function validateArchive(context: ArchiveContext, request: ValidateArchiveRequest): Promise<Validation> {
  const { registry, log } = context;
  const { selection, level, trigger, actor, signal } = request;
  const resolved = await resolveSelection(registry, selection);
  const id = await startValidation(registry, {
    level,
    selection: { ...selection, actor } as Prisma.InputJsonObject,
    trigger,
  });
  request.onStarted?.(id);
  const counts = noCounts();
  const findings = new ValidationFindings();
  try {
    await using store = context.openStore('verifier');
    const now = context.now();
    const holds = await listHolds(registry, { now });
    const job: ValidationJob = { context, store, level, selection: resolved, holds, now, counts, findings, signal };
    await validateParts(job);
    await validateManifests(job);
    await validateListing(job);
    await validateGaps(job);
    const { errors, warnings, list } = findings;
    const isClean = errors === 0;
    await finishValidation(registry, id, { isClean, ...recorded(counts, findings) });
    if (!isClean) log.error({ validation: id, level, errors, warnings }, 'validation found errors in the archive');
    return { id, level, selection, isClean, counts, findings: list, errors, warnings };
  } catch (error) {
    const { code, message: text } = toAppError(toRegistryError(error));
    await finishValidation(registry, id, { ...recorded(counts, findings), failure: { code, text } });
    throw error;
  }
}

function recorded(counts: ValidationCounts, { list, errors, warnings }: ValidationFindings) {
  return {
    counts: { ...counts, errors, warnings },
    findings: list.map((finding) => ({ ...finding })) as unknown as Prisma.InputJsonValue,
  };
}
