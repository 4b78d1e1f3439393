import { recordAudit } from '../audit.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';
import type { PolicyOrigin } from '../generated/enums.ts';
import type { Registry } from '../registry.ts';

export interface PolicyRecord {
  readonly name: string;
  readonly source: string;
  readonly origin: PolicyOrigin;
  /** As src/archive/policy wrote it. */
  readonly settings: Prisma.JsonValue;
  readonly appliedAt: Date;
  readonly appliedBy: string;
}

export interface PolicyChanges {
  readonly set: readonly {
    readonly name: string;
    readonly source: string;
    readonly origin: PolicyOrigin;
    readonly settings: Prisma.InputJsonObject;
    /** What an auditor would ask for: the fields that changed. */
    readonly detail: Prisma.InputJsonObject;
  }[];
  readonly remove: readonly string[];
  readonly actor: string;
}

/** Those that are applied now, by name. */
export async function listPolicies(registry: Registry, source?: string): Promise<readonly PolicyRecord[]> {
  const rows = await registry.archivePolicy.findMany({
    where: { removedAt: null, ...(source === undefined ? {} : { source }) },
    orderBy: { name: 'asc' },
  });
  return rows.map(({ name, origin, settings, appliedAt, appliedBy, ...row }) => ({
    name,
    source: row.source,
    origin,
    settings,
    appliedAt,
    appliedBy,
  }));
}

/** What is changed is looked at anew by the next plan. */
const notRefused = { refusedCode: null, refusedText: null, refusedAt: null };

/** All of it or nothing, each change with its audit event. */
export async function changePolicies(registry: PrismaClient, { set, remove, actor }: PolicyChanges): Promise<void> {
  await registry.$transaction(async (transaction) => {
    for (const { detail, ...policy } of set) {
      const data = { ...policy, appliedBy: actor, appliedAt: new Date(), removedAt: null, ...notRefused };
      await transaction.archivePolicy.upsert({ where: { name: policy.name }, create: data, update: data });
      await recordAudit(transaction, { actor, action: 'policy.applied', subject: `policy/${policy.name}`, detail });
    }
    for (const name of remove) {
      await transaction.archivePolicy.update({ where: { name }, data: { removedAt: new Date() } });
      await recordAudit(transaction, { actor, action: 'policy.removed', subject: `policy/${name}` });
    }
  });
}
