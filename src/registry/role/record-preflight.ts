import { recordAudit } from '../audit.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';

export interface PreflightRecord {
  readonly roleId: number;
  readonly clientName: string;
  /** What was looked at: `{bucket, prefix}`. */
  readonly place: { readonly bucket: string; readonly prefix: string };
  readonly findings: readonly { readonly code: string; readonly severity: string }[];
  readonly actor: string;
}

/** Keeps the findings of a role's last preflight, and that it was made. */
export async function recordPreflight(registry: PrismaClient, record: PreflightRecord): Promise<void> {
  const { roleId, clientName, place, findings, actor } = record;
  const errors = findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  await registry.$transaction(async (tx) => {
    await tx.role.update({
      where: { id: roleId },
      data: { checkedAt: new Date(), findings: storable(findings) },
    });
    const detail = { ...place, errors };
    await recordAudit(tx, { actor, action: 'role.preflight', subject: `client/${clientName}`, detail });
  });
}

/** Findings quote keys and answers of a client's account; JSON in PostgreSQL holds no NUL. */
function storable(findings: PreflightRecord['findings']): Prisma.InputJsonValue {
  return JSON.parse(JSON.stringify(findings).replaceAll('\\u0000', '␀')) as Prisma.InputJsonValue;
}
