import type { Manifest } from './manifest.ts';

/** What an export holds, as its manifest tells. `files`, the kind without manifests, is a person's choice. */
export type DetectedKind = 'cur-legacy' | 'cur2' | 'focus-1.0' | 'focus-1.2';
export type ExportKind = DetectedKind | 'files';

export interface KindFinding {
  /** Undefined: neither a Cost and Usage Report nor FOCUS (AWS exports recommendations and carbon data alike). */
  readonly kind: DetectedKind | undefined;
  /** What an operator should know of it. */
  readonly note: string | undefined;
}

/** FOCUS 1.1 and 1.2 added these. */
const focusSince12: ReadonlySet<string> = new Set([
  'BillingAccountType',
  'CapacityReservationId',
  'CapacityReservationStatus',
  'CommitmentDiscountQuantity',
  'CommitmentDiscountUnit',
  'InvoiceId',
  'PricingCurrency',
  'PricingCurrencyContractedUnitPrice',
  'PricingCurrencyEffectiveCost',
  'PricingCurrencyListUnitPrice',
  'ServiceSubcategory',
  'SkuMeter',
  'SkuPriceDetails',
  'SubAccountType',
]);

/** FOCUS 1.3 added these. */
const focusSince13: ReadonlySet<string> = new Set([
  'AllocatedMethodDetails',
  'AllocatedMethodId',
  'AllocatedResourceId',
  'AllocatedResourceName',
  'AllocatedTags',
  'ContractApplied',
  'HostProviderName',
  'ServiceProviderName',
]);

/** Columns of which any selection of a CUR 2.0 export has at least one, and FOCUS none. */
const curColumn = /^(line_item|bill|pricing|reservation|savings_plan|identity|split_line_item)_/;
const focusColumns: ReadonlySet<string> = new Set([
  'BilledCost',
  'EffectiveCost',
  'ListCost',
  'ContractedCost',
  'ChargePeriodStart',
]);

/**
 * The kind, by family and columns: names of files and folders say nothing certain. A FOCUS newer than 1.2 counts as 1.2
 * (its columns are loaded as they are, whatever they are called), with a note.
 */
export function kindOf(manifest: Pick<Manifest, 'family' | 'columns'>): KindFinding {
  if (manifest.family === 'legacy') return { kind: 'cur-legacy', note: undefined };
  const { columns } = manifest;
  if (columns.some((name) => curColumn.test(name))) return { kind: 'cur2', note: undefined };
  if (!columns.some((name) => focusColumns.has(name))) return { kind: undefined, note: unknownNote(columns) };
  const newer = columns.filter((name) => focusSince13.has(name));
  if (newer.length > 0) {
    return {
      kind: 'focus-1.2',
      note: `a FOCUS newer than 1.2 (it has ${newer.join(', ')}): taken as focus-1.2, every column as received`,
    };
  }
  return { kind: columns.some((name) => focusSince12.has(name)) ? 'focus-1.2' : 'focus-1.0', note: undefined };
}

function unknownNote(columns: readonly string[]): string {
  if (columns.length === 0) return 'the manifest names no columns, so CUR 2.0 and FOCUS cannot be told apart';
  return `its columns (${columns.slice(0, 5).join(', ')} …) are neither those of CUR 2.0 nor of FOCUS`;
}
