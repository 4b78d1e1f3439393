import { type Amount, amountOf } from './amount.ts';

/** One thing that AWS sells in one region: what every row about it has in common. */
export interface Offer extends Service {
  readonly region: Region;
  /** With the region's prefix, as AWS writes it. */
  readonly fullUsageType: string;
  readonly sku: string;
  readonly rateAmount: Amount;
}

export interface Region {
  readonly code: string;
  readonly name: string;
  readonly usagePrefix: string;
}

/** How a row comes about; decides sign and amount of its cost. */
export type ChargeType =
  | 'Usage'
  | 'DiscountedUsage'
  | 'SavingsPlanCoveredUsage'
  | 'SavingsPlanNegation'
  | 'RIFee'
  | 'Fee'
  | 'Tax'
  | 'Credit'
  | 'EdpDiscount';

interface Service {
  readonly chargeType: ChargeType;
  readonly productCode: string;
  readonly serviceCode: string;
  readonly productName: string;
  readonly family: string;
  readonly usageType: string;
  readonly operation: string;
  readonly unit: string;
  readonly rate: string;
  readonly description: string;
  /** What an ARN or id of such a resource starts with; undefined where a row has no resource. */
  readonly resource: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  readonly focusCategory: string;
  readonly focusSubcategory: string;
}

const regions: readonly Region[] = [
  { code: 'us-east-1', name: 'US East (N. Virginia)', usagePrefix: '' },
  { code: 'us-west-2', name: 'US West (Oregon)', usagePrefix: 'USW2-' },
  { code: 'eu-central-1', name: 'EU (Frankfurt)', usagePrefix: 'EUC1-' },
  { code: 'ap-southeast-2', name: 'Asia Pacific (Sydney)', usagePrefix: 'APS2-' },
  { code: 'sa-east-1', name: 'South America (São Paulo)', usagePrefix: 'SAE1-' },
];

const instance = {
  productCode: 'AmazonEC2',
  serviceCode: 'AmazonEC2',
  productName: 'Amazon Elastic Compute Cloud',
  family: 'Compute Instance',
  operation: 'RunInstances',
  unit: 'Hrs',
  resource: 'i-',
  attributes: {
    instanceType: 'm5.large',
    instanceFamily: 'General purpose',
    vcpu: '2',
    memory: '8 GiB',
    operatingSystem: 'Linux',
    tenancy: 'Shared',
    physicalProcessor: 'Intel Xeon Platinum 8175',
    processorArchitecture: '64-bit',
    networkPerformance: 'Up to 10 Gigabit',
    storage: 'EBS only',
    licenseModel: 'No License required',
    preInstalledSw: 'NA',
    currentGeneration: 'Yes',
  },
  focusCategory: 'Compute',
  focusSubcategory: 'Virtual Machines',
} as const;

const services: readonly Service[] = [
  {
    ...instance,
    chargeType: 'Usage',
    usageType: 'BoxUsage:m5.large',
    rate: '0.096',
    description: '$0.096 per On Demand Linux m5.large Instance Hour',
  },
  {
    ...instance,
    chargeType: 'Usage',
    usageType: 'BoxUsage:c6g.xlarge',
    rate: '0.136',
    description: '$0.136 per On Demand Linux c6g.xlarge Instance Hour',
    attributes: {
      ...instance.attributes,
      instanceType: 'c6g.xlarge',
      instanceFamily: 'Compute optimized',
      vcpu: '4',
      physicalProcessor: 'AWS Graviton2 Processor',
    },
  },
  {
    ...instance,
    chargeType: 'DiscountedUsage',
    usageType: 'BoxUsage:m5.large',
    rate: '0.06',
    description: 'Linux/UNIX (Amazon VPC), m5.large reserved instance applied',
  },
  {
    ...instance,
    chargeType: 'SavingsPlanCoveredUsage',
    usageType: 'BoxUsage:m5.large',
    rate: '0.096',
    description: '$0.096 per On Demand Linux m5.large Instance Hour',
  },
  {
    ...instance,
    chargeType: 'SavingsPlanNegation',
    usageType: 'BoxUsage:m5.large',
    rate: '0.096',
    description: 'SavingsPlanNegation used by AccountId : 210987654321 and UsageSku : VEAJHRNKTJZQ',
    resource: undefined,
  },
  {
    ...instance,
    chargeType: 'RIFee',
    usageType: 'HeavyUsage:m5.large',
    rate: '0.06',
    description: 'USD 0.06 hourly fee per Linux/UNIX (Amazon VPC), m5.large instance',
    resource: 'arn:aws:ec2:us-east-1:210987654321:reserved-instances/',
  },
  {
    ...instance,
    chargeType: 'Usage',
    family: 'Storage',
    usageType: 'EBS:VolumeUsage.gp3',
    operation: 'CreateVolume-Gp3',
    unit: 'GB-Mo',
    rate: '0.08',
    description: '$0.08 per GB-month of General Purpose (gp3) provisioned storage',
    resource: 'vol-',
    attributes: {
      volumeType: 'General Purpose',
      volumeApiName: 'gp3',
      storageMedia: 'SSD-backed',
      maxIopsvolume: '16000',
      maxVolumeSize: '16 TiB',
      maxThroughputvolume: '1000 MiB/s',
    },
    focusCategory: 'Storage',
    focusSubcategory: 'Block Storage',
  },
  {
    ...instance,
    chargeType: 'Usage',
    family: 'NAT Gateway',
    usageType: 'NatGateway-Bytes',
    operation: 'NatGateway',
    unit: 'GB',
    rate: '0.045',
    description: '$0.045 per GB Data Processed by NAT Gateways',
    resource: 'arn:aws:ec2:us-east-1:210987654321:natgateway/nat-',
    attributes: { group: 'NGW:NatGateway', groupDescription: 'Charge for per GB data processed by NatGateways' },
    focusCategory: 'Networking',
    focusSubcategory: 'Network Routing',
  },
  {
    chargeType: 'Usage',
    productCode: 'AmazonS3',
    serviceCode: 'AmazonS3',
    productName: 'Amazon Simple Storage Service',
    family: 'Storage',
    usageType: 'TimedStorage-ByteHrs',
    operation: 'StandardStorage',
    unit: 'GB-Mo',
    rate: '0.023',
    description: '$0.023 per GB - first 50 TB / month of storage used',
    resource: 'data-lake-',
    attributes: {
      storageClass: 'General Purpose',
      volumeType: 'Standard',
      durability: '99.999999999%',
      availability: '99.99%',
    },
    focusCategory: 'Storage',
    focusSubcategory: 'Object Storage',
  },
  {
    chargeType: 'Usage',
    productCode: 'AmazonS3',
    serviceCode: 'AmazonS3',
    productName: 'Amazon Simple Storage Service',
    family: 'API Request',
    usageType: 'Requests-Tier2',
    operation: 'GetObject',
    unit: 'Requests',
    rate: '0.0000004',
    description: '$0.004 per 10,000 GET and all other requests',
    resource: 'data-lake-',
    attributes: { group: 'S3-API-Tier2', groupDescription: 'GET and all other requests' },
    focusCategory: 'Storage',
    focusSubcategory: 'Object Storage',
  },
  {
    chargeType: 'Usage',
    productCode: 'AWSLambda',
    serviceCode: 'AWSLambda',
    productName: 'AWS Lambda',
    family: 'Serverless',
    usageType: 'Lambda-GB-Second',
    operation: 'Invoke',
    unit: 'Lambda-GB-Second',
    rate: '0.0000166667',
    description: 'AWS Lambda - Total Compute',
    resource: 'arn:aws:lambda:us-east-1:210987654321:function:importer-',
    attributes: {
      group: 'AWS-Lambda-Duration',
      groupDescription: 'Invocation duration weighted by memory assigned to function',
    },
    focusCategory: 'Compute',
    focusSubcategory: 'Serverless Compute',
  },
  {
    chargeType: 'Usage',
    productCode: 'AmazonRDS',
    serviceCode: 'AmazonRDS',
    productName: 'Amazon Relational Database Service',
    family: 'Database Instance',
    usageType: 'InstanceUsage:db.r6g.large',
    operation: 'CreateDBInstance:0014',
    unit: 'Hrs',
    rate: '0.225',
    description: '$0.225 per RDS db.r6g.large Single-AZ instance hour (or partial hour) running PostgreSQL',
    resource: 'arn:aws:rds:us-east-1:210987654321:db:ledger-',
    attributes: {
      instanceType: 'db.r6g.large',
      databaseEngine: 'PostgreSQL',
      deploymentOption: 'Single-AZ',
      vcpu: '2',
      memory: '16 GiB',
      licenseModel: 'No license required',
    },
    focusCategory: 'Databases',
    focusSubcategory: 'Relational Databases',
  },
  {
    chargeType: 'Usage',
    productCode: 'AmazonCloudFront',
    serviceCode: 'AWSDataTransfer',
    productName: 'Amazon CloudFront',
    family: 'Data Transfer',
    usageType: 'DataTransfer-Out-Bytes',
    operation: 'GET',
    unit: 'GB',
    rate: '0.085',
    description: '$0.085 per GB - first 10 TB / month data transfer out',
    resource: 'arn:aws:cloudfront::210987654321:distribution/E',
    attributes: {
      transferType: 'CloudFront Outbound',
      fromLocation: 'Europe',
      fromLocationType: 'AWS Edge Location',
      toLocation: 'External',
      toLocationType: 'Other',
    },
    focusCategory: 'Networking',
    focusSubcategory: 'Content Delivery',
  },
  {
    chargeType: 'Usage',
    productCode: 'AmazonCloudWatch',
    serviceCode: 'AmazonCloudWatch',
    productName: 'AmazonCloudWatch',
    family: 'Metric',
    usageType: 'CW:MetricMonitorUsage',
    operation: 'MetricStorage',
    unit: 'Metrics',
    rate: '0.3',
    description: '$0.30 per metric-month for the first 10,000 metrics',
    resource: undefined,
    attributes: { group: 'Metric', groupDescription: 'Amount of metrics' },
    focusCategory: 'Management and Governance',
    focusSubcategory: 'Observability',
  },
  {
    chargeType: 'Usage',
    productCode: 'prod-7f3kq2',
    serviceCode: 'AWSMarketplace',
    productName: 'Prüfwerk "Compliance" — 監査, annual',
    family: 'Software',
    usageType: 'SoftwareUsage:units',
    operation: 'Hourly',
    unit: 'Units',
    rate: '0.0123456789',
    description: 'AWS Marketplace software usage | "Prüfwerk", 監査 edition, per unit',
    resource: 'arn:aws:aws-marketplace:us-east-1:210987654321:prod-7f3kq2/',
    attributes: { productType: 'Marketplace' },
    focusCategory: 'Security',
    focusSubcategory: 'Other (Security)',
  },
  {
    chargeType: 'Fee',
    productCode: 'AWSSupportBusiness',
    serviceCode: 'AWSSupportBusiness',
    productName: 'AWS Support (Business)',
    family: '',
    usageType: 'Dollar',
    operation: '',
    unit: 'Dollar',
    rate: '1',
    description: 'AWS Support (Business)',
    resource: undefined,
    attributes: {},
    focusCategory: 'Other',
    focusSubcategory: 'Other (Other)',
  },
  {
    chargeType: 'Tax',
    productCode: 'AmazonEC2',
    serviceCode: 'AmazonEC2',
    productName: 'Amazon Elastic Compute Cloud',
    family: '',
    usageType: '',
    operation: '',
    unit: '',
    rate: '1',
    description: 'Tax for product code AmazonEC2',
    resource: undefined,
    attributes: {},
    focusCategory: 'Compute',
    focusSubcategory: 'Virtual Machines',
  },
  {
    chargeType: 'Credit',
    productCode: 'AmazonEC2',
    serviceCode: 'AmazonEC2',
    productName: 'Amazon Elastic Compute Cloud',
    family: '',
    usageType: 'BoxUsage:m5.large',
    operation: 'RunInstances',
    unit: '',
    rate: '1',
    description: 'Migration Acceleration Program; credit "MAP-2026", region-wide',
    resource: undefined,
    attributes: {},
    focusCategory: 'Compute',
    focusSubcategory: 'Virtual Machines',
  },
  {
    chargeType: 'EdpDiscount',
    productCode: 'AmazonS3',
    serviceCode: 'AmazonS3',
    productName: 'Amazon Simple Storage Service',
    family: 'Storage',
    usageType: 'TimedStorage-ByteHrs',
    operation: 'StandardStorage',
    unit: 'GB-Mo',
    rate: '0.023',
    description: 'Enterprise Discount Program, 6%',
    resource: undefined,
    attributes: {},
    focusCategory: 'Storage',
    focusSubcategory: 'Object Storage',
  },
];

/** Everything for sale, in every region. */
export const offers: readonly Offer[] = regions.flatMap((region) =>
  services.map((service, position) => ({
    ...service,
    region,
    fullUsageType: service.usageType === '' ? '' : region.usagePrefix + service.usageType,
    sku: skuOf(position, region.code),
    rateAmount: amountOf(service.rate),
  })),
);

function skuOf(position: number, region: string): string {
  const letters = 'ABCDEFGHJKMNPQRSTVWXYZ23456789';
  let state = position * 7919 + [...region].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 17);
  let sku = '';
  while (sku.length < 16) {
    sku += letters[state % letters.length];
    state = (state * 48271 + 11) % 2_147_483_647;
  }
  return sku;
}
