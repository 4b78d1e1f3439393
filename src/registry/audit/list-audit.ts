import { instant } from '../instant.ts';
import type { Page } from '../page.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';

export interface AuditRecord {
  readonly id: number;
  readonly at: string;
  /** `cli:alice`, `api`, `job:drop`. */
  readonly actor: string;
  readonly action: string;
  /** `client/acme`, `file/42`. */
  readonly subject: string;
  readonly detail: unknown;
}

/** Newest first. */
export async function listAudit(
  registry: Registry,
  filter: { readonly subject?: string | undefined; readonly action?: string | undefined },
  { limit, cursor }: Page,
): Promise<readonly AuditRecord[]> {
  const events = await registry.auditEvent.findMany({
    where: {
      ...(cursor === undefined ? {} : { id: { lt: cursor } }),
      ...(filter.subject === undefined ? {} : { subject: filter.subject }),
      ...(filter.action === undefined ? {} : { action: filter.action }),
    },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return events.map(({ id, at, actor, action, subject, detail }) => ({
    id: safeInteger(id),
    at: instant(at),
    actor,
    action,
    subject,
    detail,
  }));
}
