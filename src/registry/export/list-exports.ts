import type { Client, Export, Role } from '../generated/client.ts';
import { day, instant, instantOrNull } from '../instant.ts';
import type { Page } from '../page.ts';
import type { Registry } from '../registry.ts';
import { type ExportKind, fromStoredKind } from './export-kind.ts';

export interface ExportSummary {
  readonly id: number;
  readonly client: string;
  readonly name: string;
  readonly kind: ExportKind;
  readonly bucket: string;
  readonly bucketRegion: string | null;
  /** Key prefix under which everything of it lies. */
  readonly root: string;
  /** Its own name in AWS. */
  readonly sourceName: string;
  readonly payerAccount: string | null;
  readonly roleArn: string;
  /** `raw_<client>.<table>` in the raw billing database. */
  readonly rawTable: string;
  /** Cron pattern, in UTC. */
  readonly schedule: string;
  readonly enabled: boolean;
  readonly settleDays: number;
  readonly keepSupersededDays: number;
  /** First billing period wanted; null: only those being watched. */
  readonly fromPeriod: string | null;
  readonly createdAt: string;
  readonly discoveredAt: string | null;
}

/** Of clients that are still ours, in the order in which they were found. */
export async function listExports(
  registry: Registry,
  filter: { readonly client?: string | undefined },
  { limit, cursor }: Page,
): Promise<readonly ExportSummary[]> {
  const exports = await registry.export.findMany({
    where: {
      ...(cursor === undefined ? {} : { id: { gt: cursor } }),
      client: { offboardedAt: null, ...(filter.client === undefined ? {} : { name: filter.client }) },
    },
    include: { client: true, role: true },
    orderBy: { id: 'asc' },
    take: limit,
  });
  return exports.map(exportSummary);
}

export function exportSummary(found: Export & { readonly client: Client; readonly role: Role }): ExportSummary {
  return {
    id: found.id,
    client: found.client.name,
    name: found.name,
    kind: fromStoredKind(found.kind),
    bucket: found.bucket,
    bucketRegion: found.bucketRegion,
    root: found.root,
    sourceName: found.sourceName,
    payerAccount: found.payerAccount,
    roleArn: found.role.arn,
    rawTable: `raw_${found.client.name}.${found.tableName}`,
    schedule: found.schedule,
    enabled: found.enabled,
    settleDays: found.settleDays,
    keepSupersededDays: found.keepSupersededDays,
    fromPeriod: found.fromPeriod === null ? null : day(found.fromPeriod),
    createdAt: instant(found.createdAt),
    discoveredAt: instantOrNull(found.discoveredAt),
  };
}
