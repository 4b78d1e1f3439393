/** Who uses what AWS sells: an account and the tags of one of its systems. */
export interface Workload {
  readonly accountId: string;
  readonly accountName: string;
  /** By full tag key (`user:Name`, `aws:createdBy`), with names that break careless loaders. */
  readonly tags: Readonly<Record<string, string>>;
  readonly costCenter: string;
}

export const payerAccountId = '210987654321';
export const payerAccountName = 'Acme Holding (payer)';

/** Every tag key that any row may have; two of them differ in upper and lower case only. */
export const tagKeys = [
  'aws:createdBy',
  'user:Name',
  'user:name',
  'user:Cost Center',
  'user:größe',
  'user:k8s.io/role',
  'user:env',
  'user:owner@team',
] as const;

const systems = ['checkout', 'search', 'données', 'ledger', 'imports', '監視', 'mobile, api', 'the "old" shop'];
const environments = ['prod', 'staging', 'dev', ''];

export const workloads: readonly Workload[] = Array.from({ length: 48 }, (_, n) => {
  const system = systems[n % systems.length] ?? '';
  const env = environments[n % environments.length] ?? '';
  const accountId = String(111122220000 + (n % 12) * 7919).padStart(12, '0');
  const tags: Record<string, string> = { 'user:Name': `${system}-${n}` };
  if (n % 2 === 0) tags['user:env'] = env;
  if (n % 3 === 0) tags['user:Cost Center'] = `cc-${1000 + (n % 7)}`;
  if (n % 4 === 0) tags['user:k8s.io/role'] = 'node';
  if (n % 5 === 0) tags['user:größe'] = 'groß';
  if (n % 7 === 0) tags['user:name'] = `lower-${n}`;
  if (n % 6 === 1) tags['aws:createdBy'] = `AssumedRole:AROAEXAMPLE${n}:deploy`;
  if (n % 11 === 0) tags['user:owner@team'] = 'team+finops@acme.example';
  return {
    accountId,
    accountName: `acme-${system.replaceAll(/[^a-z]/g, '') || 'x'}-${n % 12}`,
    tags,
    costCenter: n % 3 === 0 ? 'Engineering' : '',
  };
});
