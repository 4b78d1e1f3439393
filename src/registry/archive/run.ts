import type { ErrorCode } from '../../errors.ts';
import { storableText } from '../file/mark-failed.ts';
import type { Prisma } from '../generated/client.ts';
import type { Registry } from '../registry.ts';
import type { RunTrigger } from '../run/ingest-run.ts';
import { safeInteger } from '../safe-integer.ts';

export interface ArchiveRunStart {
  readonly source: string;
  readonly trigger: RunTrigger;
  readonly actor: string;
}

export async function startArchiveRun(registry: Registry, start: ArchiveRunStart): Promise<number> {
  const row = await registry.archiveRun.create({ data: start });
  return safeInteger(row.id);
}

export async function finishArchiveRun(
  registry: Registry,
  id: number,
  end: {
    readonly counts: Prisma.InputJsonObject;
    readonly failure?: { readonly code: ErrorCode; readonly text: string } | undefined;
  },
): Promise<void> {
  const { counts, failure } = end;
  await registry.archiveRun.update({
    where: { id },
    data: {
      counts,
      finishedAt: new Date(),
      ...(failure === undefined ? {} : { errorCode: failure.code, errorText: storableText(failure.text) }),
    },
  });
}
