import { type Column, empty, text } from './column.ts';
import {
  identityAndBill,
  lineItem,
  pricing,
  reservation,
  savingsPlan,
  snakeName,
  unfilledReservation,
} from './line-item-columns.ts';
import { tagKeys } from './workload.ts';

/** Attributes of products that one account's services happen to have: in real reports they come and go by month. */
const attributes = [
  'clockSpeed',
  'currentGeneration',
  'databaseEngine',
  'deploymentOption',
  'fromLocation',
  'group',
  'groupDescription',
  'instanceFamily',
  'instanceType',
  'maxIopsvolume',
  'memory',
  'operatingSystem',
  'physicalProcessor',
  'storage',
  'storageClass',
  'tenancy',
  'toLocation',
  'transferType',
  'vcpu',
  'volumeType',
] as const;

const product: readonly Column[] = [
  text('product/ProductName', 'offer', ({ offer }) => offer.productName),
  ...attributes.map((name) => text(`product/${name}`, 'offer', ({ offer }) => offer.attributes[name] ?? null)),
  text('product/location', 'offer', ({ offer }) => offer.region.name),
  text('product/locationType', 'offer', () => 'AWS Region'),
  text('product/operation', 'offer', ({ offer }) => offer.operation || null),
  text('product/productFamily', 'offer', ({ offer }) => offer.family || null),
  text('product/region', 'offer', ({ offer }) => offer.region.code),
  text('product/servicecode', 'offer', ({ offer }) => offer.serviceCode),
  text('product/servicename', 'offer', ({ offer }) => offer.productName),
  text('product/sku', 'offer', ({ offer }) => offer.sku),
  text('product/usagetype', 'offer', ({ offer }) => offer.fullUsageType || null),
];

const resourceTags: readonly Column[] = tagKeys.map((key) =>
  text(`resourceTags/${key}`, 'workload', ({ workload }) => workload.tags[key] ?? null),
);

/** A legacy report's CSV: names as `category/Name`. */
export const legacyCsvColumns: readonly Column[] = [
  ...identityAndBill,
  ...lineItem,
  ...product,
  ...pricing,
  ...reservation,
  ...unfilledReservation.map(empty),
  ...savingsPlan,
  ...resourceTags,
];

/** A legacy report's parquet: the same in snake case, where what differs in case only becomes one column. */
export const legacyParquetColumns: readonly Column[] = distinct(
  legacyCsvColumns.map((column) => ({ ...column, name: snakeName(column.name) })),
);

function distinct(columns: readonly Column[]): readonly Column[] {
  return [...new Map(columns.toReversed().map((column) => [column.name, column])).values()].toReversed();
}
