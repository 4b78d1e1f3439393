import { doubleText } from './amount.ts';
import { type Column, double, empty, map, text } from './column.ts';
import {
  identityAndBill,
  lineItem,
  pricing,
  reservation,
  savingsPlan,
  snakeName,
  unfilledReservation,
} from './line-item-columns.ts';
import { payerAccountName } from './workload.ts';

const productAttributes = [
  'comment',
  'fee_code',
  'fee_description',
  'from_region_code',
  'instancesku',
  'pricing_unit',
  'to_region_code',
];

const netColumns: readonly Column[] = [
  double('line_item_net_unblended_cost', ({ cost }) => cost),
  text('line_item_net_unblended_rate', 'month', () => null),
  ...[
    'reservation_net_amortized_upfront_cost_for_usage',
    'reservation_net_amortized_upfront_fee_for_billing_period',
    'reservation_net_effective_cost',
    'reservation_net_recurring_fee_for_usage',
    'reservation_net_unused_amortized_upfront_fee_for_billing_period',
    'reservation_net_unused_recurring_fee',
    'reservation_net_upfront_value',
    // 64 bytes, one more than PostgreSQL allows a name
    'savings_plan_net_amortized_upfront_commitment_for_billing_period',
    'savings_plan_net_recurring_commitment_for_billing_period',
    'savings_plan_net_savings_plan_effective_cost',
  ].map((name) => double(name, () => null)),
];

const product: readonly Column[] = [
  map('product', 'offer', ({ offer }) => ({
    ...offer.attributes,
    product_name: offer.productName,
    region: offer.region.code,
  })),
  ...productAttributes.map((name) => empty(`product_${name}`)),
  text('product_from_location', 'offer', ({ offer }) => offer.attributes['fromLocation'] ?? null),
  text('product_from_location_type', 'offer', ({ offer }) => offer.attributes['fromLocationType'] ?? null),
  text('product_instance_family', 'offer', ({ offer }) => offer.attributes['instanceFamily'] ?? null),
  text('product_instance_type', 'offer', ({ offer }) => offer.attributes['instanceType'] ?? null),
  text('product_location', 'offer', ({ offer }) => offer.region.name),
  text('product_location_type', 'offer', () => 'AWS Region'),
  text('product_operation', 'offer', ({ offer }) => offer.operation || null),
  text('product_product_family', 'offer', ({ offer }) => offer.family || null),
  text('product_region_code', 'offer', ({ offer }) => offer.region.code),
  text('product_servicecode', 'offer', ({ offer }) => offer.serviceCode),
  text('product_sku', 'offer', ({ offer }) => offer.sku),
  text('product_to_location', 'offer', ({ offer }) => offer.attributes['toLocation'] ?? null),
  text('product_to_location_type', 'offer', ({ offer }) => offer.attributes['toLocationType'] ?? null),
  text('product_usagetype', 'offer', ({ offer }) => offer.fullUsageType || null),
];

/** CUR 2.0, in the order of the alphabet as AWS exports it; maps are JSON text in CSV, `{}` when empty. */
export const cur2Columns: readonly Column[] = [
  ...[...identityAndBill, ...lineItem, ...pricing, ...reservation, ...savingsPlan].map((column) => ({
    ...column,
    name: snakeName(column.name),
  })),
  empty('reservation_availability_zone'),
  ...unfilledReservation.map((name) => text(snakeName(name), 'month', () => '')),
  ...netColumns,
  ...product,
  text('bill_payer_account_name', 'month', () => payerAccountName),
  text('line_item_usage_account_name', 'workload', ({ workload }) => workload.accountName),
  map('cost_category', 'workload', ({ workload }) => (workload.costCenter === '' ? {} : { Team: workload.costCenter })),
  map('discount', 'charge', ({ offer, cost }) =>
    offer.chargeType === 'EdpDiscount' ? { edp_discount: doubleText(cost) } : {},
  ),
  double('discount_bundled_discount', () => null),
  double('discount_total_discount', ({ offer, cost }) => (offer.chargeType === 'EdpDiscount' ? cost : null)),
  map('resource_tags', 'workload', ({ workload }) => tagMap(workload.tags)),
  map('tags', 'workload', ({ workload }) => workload.tags),
].toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** CUR 2.0 writes tag keys with underscores: `user_k8s.io/role`. */
function tagMap(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key.replace(':', '_'), value]));
}
