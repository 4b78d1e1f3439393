import { pricedClasses } from '../cost/prices.ts';
import { restoreCost } from '../cost/restore-cost.ts';
import type { PlannedClass, PlannedPart } from './restore-plan.ts';
import type { RestoreRequest } from './restore-request.ts';

/** What reading these parts takes and costs, class by class; a class without a price costs what STANDARD does. */
export function planClasses(
  parts: readonly PlannedPart[],
  { tier, copyDays }: Pick<RestoreRequest, 'tier' | 'copyDays'>,
): readonly PlannedClass[] {
  const groups = Map.groupBy(parts, ({ storageClass, isCold }) => `${storageClass} ${isCold}`);
  return [...groups.values()].flatMap((group): readonly PlannedClass[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { storageClass, isCold } = first;
    const bytes = group.reduce((sum, part) => sum + part.bytes, 0);
    const { waitHours, total } = restoreCost({
      bytes: BigInt(bytes),
      objects: BigInt(group.length),
      storageClass: pricedAs(storageClass, isCold),
      tier,
      days: copyDays,
    });
    return [{ storageClass, isCold, objects: group.length, bytes, waitHours, cost: total }];
  });
}

/** A copy that is there already is read at STANDARD's price; Intelligent-Tiering's cold tiers take as long as DEEP_ARCHIVE. */
function pricedAs(storageClass: string, isCold: boolean): (typeof pricedClasses)[number] {
  const known = pricedClasses.find((priced) => priced === storageClass) ?? 'STANDARD';
  const isColdClass = known === 'GLACIER' || known === 'DEEP_ARCHIVE';
  if (isCold) return isColdClass ? known : 'DEEP_ARCHIVE';
  return isColdClass ? 'STANDARD' : known;
}
