import { multiply, rateText } from './amount.ts';
import type { Charge } from './charge.ts';
import { type Column, double, empty, text, timestamp } from './column.ts';
import { payerAccountId } from './workload.ts';

/**
 * What legacy reports and CUR 2.0 have in common, under the legacy names (`category/Name`), in the legacy order.
 * `snakeName` gives the name that parquet and CUR 2.0 use.
 */
export const identityAndBill: readonly Column[] = [
  text('identity/LineItemId', 'charge', ({ lineItemId }) => lineItemId),
  text(
    'identity/TimeInterval',
    'charge',
    ({ startMillis, endMillis }) => `${secondsText(startMillis)}/${secondsText(endMillis)}`,
  ),
  text('bill/InvoiceId', 'month', ({ month }) => `${month.year}${month.number}0417`),
  text('bill/InvoicingEntity', 'month', () => 'Amazon Web Services, Inc.'),
  text('bill/BillingEntity', 'offer', ({ offer }) =>
    offer.serviceCode === 'AWSMarketplace' ? 'AWS Marketplace' : 'AWS',
  ),
  text('bill/BillType', 'month', () => 'Anniversary'),
  text('bill/PayerAccountId', 'month', () => payerAccountId),
  timestamp('bill/BillingPeriodStartDate', 'month', ({ month }) => month.startMillis),
  timestamp('bill/BillingPeriodEndDate', 'month', ({ month }) => month.endMillis),
];

export const lineItem: readonly Column[] = [
  text('lineItem/UsageAccountId', 'workload', ({ workload }) => workload.accountId),
  text('lineItem/LineItemType', 'offer', ({ offer }) => offer.chargeType),
  timestamp('lineItem/UsageStartDate', 'charge', ({ startMillis }) => startMillis),
  timestamp('lineItem/UsageEndDate', 'charge', ({ endMillis }) => endMillis),
  text('lineItem/ProductCode', 'offer', ({ offer }) => offer.productCode),
  text('lineItem/UsageType', 'offer', ({ offer }) => offer.fullUsageType || null),
  text('lineItem/Operation', 'offer', ({ offer }) => offer.operation || null),
  text('lineItem/AvailabilityZone', 'offer', ({ offer }) => (offer.resource === 'i-' ? `${offer.region.code}a` : null)),
  text('lineItem/ResourceId', 'charge', ({ resourceId }) => resourceId),
  double('lineItem/UsageAmount', ({ usage }) => usage),
  text('lineItem/NormalizationFactor', 'offer', ({ offer }) => (isInstance(offer) ? '4' : null)),
  double('lineItem/NormalizedUsageAmount', ({ offer, usage }) => (isInstance(offer) ? usage * 4n : null)),
  text('lineItem/CurrencyCode', 'month', () => 'USD'),
  text('lineItem/UnblendedRate', 'offer', ({ offer }) => (isMetered(offer) ? rateText(offer.rateAmount) : null)),
  double('lineItem/UnblendedCost', ({ cost }) => cost),
  text('lineItem/BlendedRate', 'offer', ({ offer }) => (isMetered(offer) ? rateText(offer.rateAmount) : null)),
  double('lineItem/BlendedCost', ({ cost }) => cost),
  text('lineItem/LineItemDescription', 'offer', ({ offer }) => offer.description),
  text('lineItem/TaxType', 'offer', ({ offer }) => (offer.chargeType === 'Tax' ? 'VAT' : null)),
  text('lineItem/LegalEntity', 'month', () => 'Amazon Web Services, Inc.'),
];

export const pricing: readonly Column[] = [
  text('pricing/RateCode', 'offer', ({ offer }) => (isMetered(offer) ? `${offer.sku}.JRTCKXETXF.6YS6EN2CT7` : null)),
  text('pricing/RateId', 'offer', ({ offer }) =>
    isMetered(offer) ? `${offer.sku.charCodeAt(3)}4117${offer.sku.charCodeAt(7)}` : null,
  ),
  text('pricing/currency', 'month', () => 'USD'),
  double('pricing/publicOnDemandCost', ({ listCost }) => listCost),
  text('pricing/publicOnDemandRate', 'offer', ({ offer }) => (isMetered(offer) ? rateText(offer.rateAmount) : null)),
  text('pricing/term', 'offer', ({ offer }) => termOf(offer)),
  text('pricing/unit', 'offer', ({ offer }) => offer.unit || null),
  text('pricing/LeaseContractLength', 'offer', ({ offer }) => (isReserved(offer) ? '1yr' : null)),
  text('pricing/OfferingClass', 'offer', ({ offer }) => (isReserved(offer) ? 'standard' : null)),
  text('pricing/PurchaseOption', 'offer', ({ offer }) => (isReserved(offer) ? 'No Upfront' : null)),
];

/** Never filled here: nothing in a legacy report, `""` in CUR 2.0, whose real files quote just these when empty. */
export const unfilledReservation = [
  'reservation/NumberOfReservations',
  'reservation/StartTime',
  'reservation/EndTime',
  'reservation/ModificationStatus',
  'reservation/UnitsPerReservation',
] as const;

export const reservation: readonly Column[] = [
  double('reservation/AmortizedUpfrontCostForUsage', ({ offer }) => (isReserved(offer) ? 0n : null)),
  double('reservation/AmortizedUpfrontFeeForBillingPeriod', ({ offer }) => (isReserved(offer) ? 0n : null)),
  double('reservation/EffectiveCost', ({ offer, effectiveCost }) =>
    offer.chargeType === 'DiscountedUsage' ? effectiveCost : null,
  ),
  double('reservation/RecurringFeeForUsage', ({ offer, effectiveCost }) =>
    offer.chargeType === 'DiscountedUsage' ? effectiveCost : null,
  ),
  text('reservation/ReservationARN', 'offer', ({ offer }) =>
    isReserved(offer)
      ? `arn:aws:ec2:${offer.region.code}:${payerAccountId}:reserved-instances/0f3c-${offer.sku.toLowerCase()}`
      : null,
  ),
  text('reservation/SubscriptionId', 'offer', ({ offer }) => (isReserved(offer) ? '2718281828' : null)),
  text('reservation/NormalizedUnitsPerReservation', 'offer', ({ offer }) => (isReserved(offer) ? '4.0' : null)),
  text('reservation/TotalReservedNormalizedUnits', 'offer', ({ offer }) =>
    offer.chargeType === 'RIFee' ? '2976.0' : null,
  ),
  text('reservation/TotalReservedUnits', 'offer', ({ offer }) => (offer.chargeType === 'RIFee' ? '744.0' : null)),
  double('reservation/UnusedAmortizedUpfrontFeeForBillingPeriod', ({ offer }) =>
    offer.chargeType === 'RIFee' ? 0n : null,
  ),
  double('reservation/UnusedNormalizedUnitQuantity', ({ offer }) =>
    offer.chargeType === 'RIFee' ? 120_000_000_000n : null,
  ),
  double('reservation/UnusedQuantity', ({ offer }) => (offer.chargeType === 'RIFee' ? 30_000_000_000n : null)),
  double('reservation/UnusedRecurringFee', ({ offer, cost }) => (offer.chargeType === 'RIFee' ? cost / 248n : null)),
  double('reservation/UpfrontValue', ({ offer }) => (offer.chargeType === 'RIFee' ? 0n : null)),
];

export const savingsPlan: readonly Column[] = [
  double('savingsPlan/TotalCommitmentToDate', () => null),
  text('savingsPlan/SavingsPlanARN', 'offer', ({ offer }) =>
    isPlanned(offer) ? `arn:aws:savingsplans::${payerAccountId}:savingsplan/3f0e9c1d-${offer.region.code}` : null,
  ),
  double('savingsPlan/SavingsPlanRate', ({ offer }) =>
    isPlanned(offer) ? multiply(offer.rateAmount, 6_300_000_000n) : null,
  ),
  double('savingsPlan/UsedCommitment', () => null),
  double('savingsPlan/SavingsPlanEffectiveCost', ({ offer, effectiveCost }) =>
    isPlanned(offer) ? effectiveCost : null,
  ),
  double('savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod', () => null),
  double('savingsPlan/RecurringCommitmentForBillingPeriod', () => null),
  empty('savingsPlan/StartTime'),
  empty('savingsPlan/EndTime'),
  empty('savingsPlan/InstanceTypeFamily'),
  text('savingsPlan/OfferingType', 'offer', ({ offer }) => (isPlanned(offer) ? 'ComputeSavingsPlans' : null)),
  text('savingsPlan/PaymentOption', 'offer', ({ offer }) => (isPlanned(offer) ? 'No Upfront' : null)),
  text('savingsPlan/PurchaseTerm', 'offer', ({ offer }) => (isPlanned(offer) ? '1yr' : null)),
  empty('savingsPlan/Region'),
];

/** `lineItem/UnblendedCost` → `line_item_unblended_cost`, `resourceTags/user:k8s.io/role` → `resource_tags_user_k8s_io_role`. */
export function snakeName(name: string): string {
  return name
    .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}

const secondsTexts = new Map<number, string>();

/** `2026-05-01T00:00:00Z`. */
export function secondsText(millis: number): string {
  const known = secondsTexts.get(millis);
  if (known !== undefined) return known;
  // A month has 745 such instants at most; a process that makes decades of them starts over.
  if (secondsTexts.size > 20_000) secondsTexts.clear();
  const made = `${new Date(millis).toISOString().slice(0, 19)}Z`;
  secondsTexts.set(millis, made);
  return made;
}

function isMetered({ chargeType }: Charge['offer']): boolean {
  return chargeType !== 'Tax' && chargeType !== 'Credit';
}

function isReserved({ chargeType }: Charge['offer']): boolean {
  return chargeType === 'DiscountedUsage' || chargeType === 'RIFee';
}

function isPlanned({ chargeType }: Charge['offer']): boolean {
  return chargeType === 'SavingsPlanCoveredUsage';
}

function isInstance({ resource, chargeType }: Charge['offer']): boolean {
  return resource === 'i-' && chargeType !== 'SavingsPlanNegation';
}

function termOf(offer: Charge['offer']): string | null {
  if (isReserved(offer)) return 'Reserved';
  return isMetered(offer) ? 'OnDemand' : null;
}
