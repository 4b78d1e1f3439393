import { recordAudit } from '../audit.ts';
import type { PrismaClient } from '../generated/client.ts';
import type { FoundExport } from './find-export.ts';

/** A year of watching a closed month, and ten of keeping what was superseded, are more than anybody has asked for. */
export const maxSettleDays = 365;
export const maxKeepSupersededDays = 3_650;

/** What a person may change of an export; absent settings stay. */
export interface ExportChange {
  /** Already checked to be a cron pattern. */
  readonly schedule?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly settleDays?: number | undefined;
  readonly keepSupersededDays?: number | undefined;
}

/** Changes the settings, and records what they were before. */
export async function changeExport(
  registry: PrismaClient,
  found: FoundExport,
  { change, actor }: { readonly change: ExportChange; readonly actor: string },
): Promise<FoundExport> {
  const data = {
    ...(change.schedule !== undefined && { schedule: change.schedule }),
    ...(change.enabled !== undefined && { enabled: change.enabled }),
    ...(change.settleDays !== undefined && { settleDays: change.settleDays }),
    ...(change.keepSupersededDays !== undefined && { keepSupersededDays: change.keepSupersededDays }),
  };
  const { schedule, enabled, settleDays, keepSupersededDays } = found;
  const detail = { before: { schedule, enabled, settleDays, keepSupersededDays }, change: data };
  return registry.$transaction(async (tx) => {
    const changed = await tx.export.update({
      where: { id: found.id },
      data,
      include: { client: true, role: true },
    });
    const subject = `export/${found.client.name}/${found.name}`;
    await recordAudit(tx, { actor, action: 'export.changed', subject, detail });
    return changed;
  });
}
