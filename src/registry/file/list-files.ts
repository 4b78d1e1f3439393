import type { FileStatus, Prisma } from '../generated/client.ts';
import { day, instant, instantOrNull } from '../instant.ts';
import type { Page } from '../page.ts';
import type { Registry } from '../registry.ts';
import { safeInteger, safeIntegerOrNull } from '../safe-integer.ts';
import { type FileFilter, whereFile } from './find-file.ts';

export interface FileSummary {
  readonly id: number;
  readonly client: string;
  readonly export: string;
  /** First day of the billing period, `2024-03-01`. */
  readonly periodStart: string;
  readonly deliveryId: number;
  /** Exactly as listed. */
  readonly key: string;
  readonly sizeBytes: number | null;
  readonly status: FileStatus;
  readonly attempts: number;
  readonly rows: number | null;
  readonly errorCode: string | null;
  readonly errorText: string | null;
  readonly firstSeenAt: string;
  readonly ingestedAt: string | null;
}

const include = { delivery: { include: { export: { include: { client: true } } } } } as const;
type StoredFile = Prisma.FileGetPayload<{ include: typeof include }>;

/** Newest first. */
export async function listFiles(
  registry: Registry,
  filter: FileFilter,
  { limit, cursor }: Page,
): Promise<readonly FileSummary[]> {
  const files = await registry.file.findMany({
    where: { AND: [whereFile(filter), cursor === undefined ? {} : { id: { lt: cursor } }] },
    include,
    orderBy: { id: 'desc' },
    take: limit,
  });
  return files.map(fileSummary);
}

export function fileSummary(file: StoredFile): FileSummary {
  const { export: home } = file.delivery;
  return {
    id: safeInteger(file.id),
    client: home.client.name,
    export: home.name,
    periodStart: day(file.periodStart),
    deliveryId: safeInteger(file.deliveryId),
    key: file.key,
    sizeBytes: safeIntegerOrNull(file.sizeBytes),
    status: file.status,
    attempts: file.attempts,
    rows: safeIntegerOrNull(file.rows),
    errorCode: file.errorCode,
    errorText: file.errorText,
    firstSeenAt: instant(file.firstSeenAt),
    ingestedAt: instantOrNull(file.ingestedAt),
  };
}
