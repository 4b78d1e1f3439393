import { decimalDollars } from '../../../archive/cost/money.ts';
import type { PlannedClass, RestorePlan, RestoreTablePlan } from '../../../archive/restore/restore-plan.ts';

/** A plan as it lies in the registry: dates and costs are texts there. */
type StoredPlan = Omit<RestorePlan, 'at' | 'cost' | 'storage'> & {
  readonly at: string | Date;
  readonly cost: string | bigint;
  readonly storage: readonly (Omit<PlannedClass, 'cost'> & { readonly cost: string | bigint })[];
};

/** A restore's plan with its parts summed up: there may be thousands of them. */
export function restorePlanBody({ at, request, tables, storage, waitHours, cost, refusals }: StoredPlan) {
  return {
    at,
    request,
    tables: tables.map(tableBody),
    storage: storage.map(({ cost: ofClass, ...one }) => ({ ...one, dollars: decimalDollars(BigInt(ofClass)) })),
    waitHours,
    dollars: decimalDollars(BigInt(cost)),
    refusals,
  };
}

/** Nothing else writes this column than startRestore, from a plan. */
export function storedPlanBody(plan: unknown) {
  return restorePlanBody(plan as StoredPlan);
}

function tableBody({ parts, ...table }: RestoreTablePlan) {
  const months = parts.map(({ month }) => month).toSorted();
  const sum = (of: (part: RestoreTablePlan['parts'][number]) => number) =>
    parts.reduce((all, part) => all + of(part), 0);
  return {
    ...table,
    firstMonth: months.at(0) ?? null,
    lastMonth: months.at(-1) ?? null,
    parts: parts.length,
    rows: sum(({ rows }) => rows),
    bytes: sum(({ bytes }) => bytes),
    coldParts: sum(({ isCold }) => Number(isCold)),
    /** That were restored to the same target before, and are left out. */
    partsThere: sum(({ isThere }) => Number(isThere)),
  };
}
