import type { KnownPeriod } from '../../registry/delivery/list-known.ts';
import { registerDelivery } from '../../registry/delivery/register-delivery.ts';
import { registerExport } from '../../registry/export/register-export.ts';
import type { Export } from '../../registry/generated/client.ts';
import { recordWarnings } from '../../registry/warning.ts';
import { step } from '../../steps.ts';
import type { IngestContext } from '../context.ts';
import type { DiscoveryPlan, FoundExport, PlannedDelivery } from './plan.ts';
import { tableNameFor } from './table-name.ts';

/** For whom, and from which listing, a plan is registered. */
export interface PlanOwner {
  readonly clientId: number;
  readonly clientName: string;
  readonly roleId: number;
  readonly bucketRegion: string | null;
  readonly fromPeriod: string | null;
  readonly listedAt: Date;
  readonly actor: string;
}

export interface RegisteredPlan {
  readonly exports: readonly Export[];
  readonly deliveriesFound: number;
  readonly filesRegistered: number;
}

/**
 * Writes what a discovery planned. Every delivery is a transaction of its own: killed in between, the next discovery
 * finds the rest.
 */
export async function registerPlan(
  context: IngestContext,
  owner: PlanOwner,
  plan: DiscoveryPlan,
): Promise<RegisteredPlan> {
  const exports = new Map<string, Export>();
  for (const found of plan.exports) exports.set(placeOf(found), await registerFound(context, owner, found));
  step('export.registered');
  let deliveriesFound = 0;
  let filesRegistered = 0;
  for (const delivery of oldestFirst(plan.deliveries)) {
    const home = exports.get(placeOf(delivery));
    if (home === undefined) continue;
    const registered = await registerDelivery(context.registry, newDelivery(home, owner, delivery));
    step('delivery.registered');
    if (registered.outcome === 'new') deliveriesFound += 1;
    filesRegistered += registered.filesAdded;
  }
  await recordWarnings(context.registry, { clientId: owner.clientId, exportId: null }, plan.warnings);
  return { exports: [...exports.values()], deliveriesFound, filesRegistered };
}

function registerFound(context: IngestContext, owner: PlanOwner, found: FoundExport): Promise<Export> {
  const { settings } = context;
  return registerExport(context.registry, {
    clientId: owner.clientId,
    clientName: owner.clientName,
    roleId: owner.roleId,
    kind: found.kind,
    bucket: found.bucket,
    bucketRegion: owner.bucketRegion,
    root: found.root,
    sourceName: found.sourceName,
    payerAccount: found.payerAccount ?? null,
    schedule: settings.schedule,
    settleDays: settings.settleDays,
    keepSupersededDays: settings.keepSupersededDays,
    fromPeriod: owner.fromPeriod,
    nameFor: (taken) => tableNameFor({ sourceName: found.sourceName, kind: found.kind, taken }),
    actor: owner.actor,
  });
}

function newDelivery(home: Export, { listedAt }: PlanOwner, delivery: PlannedDelivery) {
  return {
    exportId: home.id,
    periodStart: delivery.period.start,
    periodEnd: delivery.period.end,
    identity: delivery.identity,
    executionId: delivery.executionId ?? null,
    manifest: delivery.manifest,
    files: delivery.files.map(({ ordinal, key, listed }) => ({ ordinal, key, object: listed })),
    listedAt,
  };
}

function oldestFirst(deliveries: readonly PlannedDelivery[]): readonly PlannedDelivery[] {
  return deliveries.toSorted((a, b) => (a.period.start < b.period.start ? -1 : 1));
}

function placeOf({ root, kind }: { readonly root: string; readonly kind: KnownPeriod['kind'] }): string {
  return JSON.stringify([root, kind]);
}
