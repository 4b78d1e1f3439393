import type { SandboxAdmin } from '../../sandbox/aws/admin.ts';
import { type DeliveryOptions, type MadeDelivery, makeDelivery } from '../../sandbox/exports/delivery.ts';

/** A made-up client of the platform: its AWS account, its bucket, and what AWS delivers there. */
export interface DemoClient {
  readonly name: string;
  readonly accountId: string;
  readonly bucket: string;
  readonly region: string;
  readonly exports: readonly DemoExport[];
}

export type DemoExport = Pick<DeliveryOptions, 'layout' | 'kind' | 'format' | 'prefix' | 'name' | 'rows' | 'files'> & {
  /** The column whose sum is the bill. */
  readonly cost: string;
};

export const acme: DemoClient = {
  name: 'acme',
  accountId: '111122223333',
  bucket: 'acme-billing',
  region: 'eu-central-1',
  exports: [
    {
      layout: 'legacy-create-new',
      kind: 'cur-legacy',
      format: 'csv.gz',
      prefix: 'reports',
      name: 'hourly',
      rows: 24_000,
      files: 3,
      cost: 'lineItem/UnblendedCost',
    },
    {
      layout: 'data-export-create-new',
      kind: 'focus-1.2',
      format: 'parquet',
      prefix: 'exports',
      name: 'focus',
      rows: 6_000,
      files: 1,
      cost: 'BilledCost',
    },
  ],
};

export const globex: DemoClient = {
  name: 'globex',
  accountId: '444455556666',
  bucket: 'globex-exports',
  region: 'us-east-1',
  exports: [
    {
      layout: 'data-export-overwrite',
      kind: 'cur2',
      format: 'parquet',
      prefix: 'aws',
      name: 'cur2-daily',
      rows: 12_000,
      files: 2,
      cost: 'line_item_unblended_cost',
    },
    {
      layout: 'data-export-overwrite',
      kind: 'focus-1.2',
      format: 'csv.gz',
      prefix: 'aws',
      name: 'focus-costs',
      rows: 8_000,
      files: 2,
      cost: 'BilledCost',
    },
  ],
};

/** The current month and the one before, `YYYY-MM`, oldest first. */
export function demoMonths(now: Date): readonly [string, string] {
  const month = (back: number) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back)).toISOString().slice(0, 7);
  return [month(1), month(0)];
}

export interface DemoDelivery {
  readonly client: DemoClient;
  readonly export: DemoExport;
  readonly month: string;
  readonly version?: number;
}

export function deliveryOf({ client, export: made, month, version = 1 }: DemoDelivery): MadeDelivery {
  const { cost: _, ...options } = made;
  return makeDelivery({ ...options, bucket: client.bucket, month, version, seed: `demo ${client.name} ${made.name}` });
}

/** What AWS does some times a day. */
export async function deliver(admin: SandboxAdmin, bucket: string, { objects }: MadeDelivery): Promise<void> {
  for (const { key, body } of objects) await admin.putObject({ bucket, key, body: body() });
}
