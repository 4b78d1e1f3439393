import type { ErrorCode } from '../../errors.ts';
import { storableText } from '../file/mark-failed.ts';
import type { Prisma } from '../generated/client.ts';
import type { Page } from '../page.ts';
import { beyondEveryId } from '../page.ts';
import type { Registry } from '../registry.ts';
import type { RunTrigger } from '../run/ingest-run.ts';
import { safeInteger } from '../safe-integer.ts';

export interface ValidationRecord {
  readonly id: number;
  readonly level: string;
  readonly selection: Prisma.JsonValue;
  readonly trigger: RunTrigger;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  /** null: it is under way, or did not get to its end. */
  readonly isClean: boolean | null;
  readonly counts: Prisma.JsonValue;
  readonly findings: Prisma.JsonValue;
  readonly errorCode: string | null;
  readonly errorText: string | null;
}

export async function startValidation(
  registry: Registry,
  start: { readonly level: string; readonly selection: Prisma.InputJsonObject; readonly trigger: RunTrigger },
): Promise<number> {
  const row = await registry.archiveValidation.create({ data: start });
  return safeInteger(row.id);
}

export async function finishValidation(
  registry: Registry,
  id: number,
  end: {
    readonly counts: Prisma.InputJsonObject;
    readonly findings: Prisma.InputJsonValue;
    /** Absent when it did not get to its end: then `failure` says why. */
    readonly isClean?: boolean | undefined;
    readonly failure?: { readonly code: ErrorCode; readonly text: string } | undefined;
  },
): Promise<void> {
  const { counts, findings, isClean = null, failure } = end;
  await registry.archiveValidation.update({
    where: { id },
    data: {
      counts,
      findings,
      isClean,
      finishedAt: new Date(),
      ...(failure === undefined ? {} : { errorCode: failure.code, errorText: storableText(failure.text) }),
    },
  });
}

/** Newest first. */
export async function listValidations(
  registry: Registry,
  { limit, cursor = beyondEveryId }: Page,
): Promise<readonly ValidationRecord[]> {
  const rows = await registry.archiveValidation.findMany({
    where: { id: { lt: cursor } },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return rows.map((row) => ({ ...row, id: safeInteger(row.id) }));
}
