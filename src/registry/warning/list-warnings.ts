import { instant } from '../instant.ts';
import type { Page } from '../page.ts';
import type { Registry } from '../registry.ts';

export interface WarningSummary {
  readonly id: number;
  readonly client: string;
  /** Null where it is about no one export. */
  readonly export: string | null;
  readonly code: string;
  /** What it is about. */
  readonly subject: string;
  readonly text: string;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
}

/** Of clients that are still ours, newest first. */
export async function listWarnings(
  registry: Registry,
  filter: { readonly client?: string | undefined },
  { limit, cursor }: Page,
): Promise<readonly WarningSummary[]> {
  const warnings = await registry.warning.findMany({
    where: {
      ...(cursor === undefined ? {} : { id: { lt: cursor } }),
      client: { offboardedAt: null, ...(filter.client === undefined ? {} : { name: filter.client }) },
    },
    include: { client: true, export: true },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return warnings.map(({ id, client, export: home, code, subject, text, firstSeenAt, lastSeenAt }) => ({
    id,
    client: client.name,
    export: home?.name ?? null,
    code,
    subject,
    text,
    firstSeenAt: instant(firstSeenAt),
    lastSeenAt: instant(lastSeenAt),
  }));
}
