import type { Prisma } from './generated/client.ts';
import type { Registry } from './registry.ts';

/** Who did what to what; `detail` holds what an auditor would ask for next, and never a secret. */
export interface AuditEntry {
  /** A person's or a job's name: `cli:alice`, `api`, `job:ingest`. */
  readonly actor: string;
  readonly action: AuditAction;
  /** `client/acme`, `file/42`, `delivery/7`. */
  readonly subject: string;
  readonly detail?: Prisma.InputJsonObject;
}

export const auditActions = [
  'client.created',
  'client.offboarded',
  'role.created',
  'role.preflight',
  'export.registered',
  'export.changed',
  'delivery.publish-asked',
  'delivery.published-by-hand',
  'delivery.dropped',
  'file.reprocessed',
  'policy.applied',
  'policy.removed',
  'archive.run-asked',
  'unit.purged',
  'unit.repaired',
  'undo.dropped',
  'hold.placed',
  'hold.released',
  'restore.asked',
  'restore.done',
  'restore.cancelled',
  'bucket.changed',
  'archive.expired',
  'retention.raised',
  'locks.extended',
  'archive.recovered',
] as const;

export type AuditAction = (typeof auditActions)[number];

export async function recordAudit(registry: Registry, entry: AuditEntry): Promise<void> {
  await registry.auditEvent.create({
    data: { actor: entry.actor, action: entry.action, subject: entry.subject, detail: entry.detail ?? {} },
  });
}
