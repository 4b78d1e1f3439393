import type { Amount } from './amount.ts';
import type { Charge } from './charge.ts';
import { type Column, double, empty, map, text, timestamp } from './column.ts';
import { payerAccountId, payerAccountName } from './workload.ts';

/** In FOCUS 1.2 and not in 1.0. */
const since12: readonly Column[] = [
  text('BillingAccountType', 'month', () => 'Management account'),
  empty('CapacityReservationId'),
  empty('CapacityReservationStatus'),
  double('CommitmentDiscountQuantity', ({ offer, usage }) => (isCommitted(offer) ? usage : null)),
  text('CommitmentDiscountUnit', 'offer', ({ offer }) => (isCommitted(offer) ? offer.unit : null)),
  text('InvoiceId', 'month', ({ month }) => `${month.year}${month.number}0417`),
  text('PricingCurrency', 'month', () => 'USD'),
  double('PricingCurrencyContractedUnitPrice', unitPrice),
  double('PricingCurrencyEffectiveCost', ({ effectiveCost }) => effectiveCost),
  double('PricingCurrencyListUnitPrice', unitPrice),
  text('ServiceSubcategory', 'offer', ({ offer }) => offer.focusSubcategory),
  text('SkuMeter', 'offer', ({ offer }) => offer.fullUsageType || null),
  map('SkuPriceDetails', 'offer', ({ offer }) => offer.attributes),
  text('SubAccountType', 'month', () => 'Member account'),
];

const common: readonly Column[] = [
  text('AvailabilityZone', 'offer', ({ offer }) => (offer.resource === 'i-' ? `${offer.region.code}a` : null)),
  double('BilledCost', ({ cost }) => cost),
  text('BillingAccountId', 'month', () => payerAccountId),
  text('BillingAccountName', 'month', () => payerAccountName),
  text('BillingCurrency', 'month', () => 'USD'),
  timestamp('BillingPeriodEnd', 'month', ({ month }) => month.endMillis),
  timestamp('BillingPeriodStart', 'month', ({ month }) => month.startMillis),
  text('ChargeCategory', 'offer', ({ offer }) => chargeCategory(offer)),
  empty('ChargeClass'),
  text('ChargeDescription', 'offer', ({ offer }) => offer.description),
  text('ChargeFrequency', 'offer', ({ offer }) =>
    offer.chargeType === 'Fee' || offer.chargeType === 'RIFee' ? 'Recurring' : 'Usage-Based',
  ),
  timestamp('ChargePeriodEnd', 'charge', ({ endMillis }) => endMillis),
  timestamp('ChargePeriodStart', 'charge', ({ startMillis }) => startMillis),
  text('CommitmentDiscountCategory', 'offer', ({ offer }) =>
    isCommitted(offer) ? (offer.chargeType === 'DiscountedUsage' ? 'Usage' : 'Spend') : null,
  ),
  text('CommitmentDiscountId', 'offer', ({ offer }) =>
    isCommitted(offer) ? `arn:aws:savingsplans::${payerAccountId}:savingsplan/3f0e9c1d-${offer.region.code}` : null,
  ),
  empty('CommitmentDiscountName'),
  text('CommitmentDiscountStatus', 'offer', ({ offer }) => (isCommitted(offer) ? 'Used' : null)),
  text('CommitmentDiscountType', 'offer', ({ offer }) =>
    isCommitted(offer) ? (offer.chargeType === 'DiscountedUsage' ? 'Reserved' : 'Compute Savings Plans') : null,
  ),
  double('ConsumedQuantity', ({ offer, usage }) => (chargeCategory(offer) === 'Usage' ? usage : null)),
  text('ConsumedUnit', 'offer', ({ offer }) => (chargeCategory(offer) === 'Usage' ? offer.unit || null : null)),
  double('ContractedCost', ({ cost }) => cost),
  double('ContractedUnitPrice', unitPrice),
  double('EffectiveCost', ({ effectiveCost }) => effectiveCost),
  text('InvoiceIssuerName', 'month', () => 'Amazon Web Services, Inc.'),
  double('ListCost', ({ listCost }) => listCost),
  double('ListUnitPrice', unitPrice),
  text('PricingCategory', 'offer', ({ offer }) =>
    isCommitted(offer) ? 'Committed' : chargeCategory(offer) === 'Usage' ? 'Standard' : null,
  ),
  double('PricingQuantity', ({ usage }) => usage),
  text('PricingUnit', 'offer', ({ offer }) => offer.unit || null),
  text('ProviderName', 'month', () => 'AWS'),
  text('PublisherName', 'offer', ({ offer }) =>
    offer.serviceCode === 'AWSMarketplace' ? 'Prüfwerk GmbH' : 'Amazon Web Services, Inc.',
  ),
  text('RegionId', 'offer', ({ offer }) => offer.region.code),
  text('RegionName', 'offer', ({ offer }) => offer.region.name),
  text('ResourceId', 'charge', ({ resourceId }) => resourceId),
  text('ResourceName', 'workload', ({ workload }) => workload.tags['user:Name'] ?? null),
  text('ResourceType', 'offer', ({ offer }) => (offer.resource === undefined ? null : offer.family)),
  text('ServiceCategory', 'offer', ({ offer }) => offer.focusCategory),
  text('ServiceName', 'offer', ({ offer }) => offer.productName),
  text('SkuId', 'offer', ({ offer }) => offer.sku),
  text('SkuPriceId', 'offer', ({ offer }) => `${offer.sku}.JRTCKXETXF.6YS6EN2CT7`),
  text('SubAccountId', 'workload', ({ workload }) => workload.accountId),
  text('SubAccountName', 'workload', ({ workload }) => workload.accountName),
  map('Tags', 'workload', ({ workload }) => workload.tags),
  map('x_Discounts', 'charge', ({ offer }) => (offer.chargeType === 'EdpDiscount' ? { EDP: '0.06' } : {})),
  text('x_Operation', 'offer', ({ offer }) => offer.operation || null),
  text('x_ServiceCode', 'offer', ({ offer }) => offer.serviceCode),
];

/** In AWS's FOCUS 1.0 and gone in 1.2. */
const only10: readonly Column[] = [
  map('x_CostCategories', 'workload', ({ workload }) =>
    workload.costCenter === '' ? {} : { Team: workload.costCenter },
  ),
  text('x_UsageType', 'offer', ({ offer }) => offer.fullUsageType || null),
];

export const focus10Columns: readonly Column[] = inAwsOrder([...common, ...only10]);
export const focus12Columns: readonly Column[] = inAwsOrder([...common, ...since12]);

/** By the alphabet, in which AWS puts its own `x_` columns last. */
function inAwsOrder(columns: readonly Column[]): readonly Column[] {
  return columns.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function unitPrice({ offer }: Charge): Amount | null {
  return chargeCategory(offer) === 'Usage' ? offer.rateAmount : null;
}

function isCommitted({ chargeType }: Charge['offer']): boolean {
  return chargeType === 'DiscountedUsage' || chargeType === 'SavingsPlanCoveredUsage';
}

function chargeCategory({ chargeType }: Charge['offer']): string {
  switch (chargeType) {
    case 'Tax':
    case 'Credit':
      return chargeType;
    case 'Fee':
    case 'RIFee':
      return 'Purchase';
    default:
      return 'Usage';
  }
}
