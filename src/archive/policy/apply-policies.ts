import { AppError } from '../../errors.ts';
import { changePolicies, listPolicies, type PolicyRecord } from '../../registry/archive/policy.ts';
import { countRetentionEffects, type RetentionEffect } from '../../registry/archive/retention.ts';
import { otherSourceOfLayout } from '../../registry/archive/uses-layout.ts';
import type { Prisma, PrismaClient } from '../../registry/generated/client.ts';
import type { Registry } from '../../registry/registry.ts';
import type { ArchiveContext } from '../context.ts';
import { retentionWishes } from '../locks/retention-wishes.ts';
import { checkPoliciesTogether, checkPolicySources, parsePolicy } from './parse-policy.ts';
import type { Policy } from './policy.ts';
import {
  type FieldChange,
  type PolicyDifference,
  type PolicyOrigin,
  policyDifference,
  policyFieldChanges,
  requireApiMayChange,
  type StoredPolicy,
} from './policy-difference.ts';

type PlanContext = Pick<ArchiveContext, 'registry' | 'settings' | 'now'>;

/** What applying the policies of billvault.yaml would change, also of what is stored already. Nothing is changed. */
export async function planPolicies(context: PlanContext, wanted: readonly Policy[]): Promise<PolicyDifference> {
  const current = await listStored(context.registry);
  const difference = policyDifference(current, wanted);
  const { changed, added, contested } = difference;
  const ofApi = current.filter(({ origin }) => origin === 'api').map(({ policy }) => policy);
  const policies = [...ofApi, ...wanted.filter(({ name }) => !contested.includes(name))];
  const loosened = new Set([
    ...added.map(({ name }) => name),
    ...changed.filter(({ fields }) => fields.some(loosensLock)).map(({ name }) => name),
  ]);
  const stored = (await effectsOn(context, policies))
    .map((effect) => (loosened.has(effect.policy) ? effect : { ...effect, kept: 0 }))
    .filter(({ longer, stronger, kept }) => longer + stronger + kept > 0);
  return { ...difference, stored };
}

function loosensLock({ field, loosens }: FieldChange): boolean {
  return loosens !== undefined && (field === 'retentionYears' || field === 'lockMode');
}

async function effectsOn(
  { registry, settings, now }: PlanContext,
  policies: readonly Policy[],
): Promise<readonly RetentionEffect[]> {
  return countRetentionEffects(registry, await retentionWishes(registry, { policies, deny: settings.deny }), now());
}

export interface ApplyPoliciesRequest {
  readonly wanted: readonly Policy[];
  readonly actor: string;
}

/**
 * Makes the registry's policies those of billvault.yaml; policies of the API stay.
 * @throws AppError POLICY_INVALID when a policy of the file and one of the API contradict each other, or what is archived
 */
export async function applyPolicies(
  registry: PrismaClient,
  { wanted, actor }: ApplyPoliciesRequest,
): Promise<PolicyDifference> {
  const stored = await listStored(registry);
  const difference = policyDifference(stored, wanted);
  const { added, changed, removed, contested } = difference;
  const ofApi = stored.filter(({ origin }) => origin === 'api').map(({ policy }) => policy);
  checkPoliciesTogether([...ofApi, ...wanted.filter(({ name }) => !contested.includes(name))]);
  for (const policy of [...added, ...changed.map((one) => one.policy)]) await requireFreeLayout(registry, policy);
  const set = [
    ...added.map((policy) => change(policy, 'file', [])),
    ...changed.map(({ policy, fields }) => change(policy, 'file', fields)),
  ];
  if (set.length + removed.length > 0) await changePolicies(registry, { set, remove: removed, actor });
  return difference;
}

export interface PutPolicyRequest {
  readonly input: unknown;
  /** Names of the configured source databases. */
  readonly sources: readonly string[];
  readonly actor: string;
}

export interface PutPolicy {
  readonly policy: Policy;
  readonly fields: readonly FieldChange[];
  /** What of the parts that are stored already is locked otherwise than it says; undefined: there are none. */
  readonly stored: RetentionEffect | undefined;
}

/**
 * Makes or changes one policy of the API.
 * @throws AppError POLICY_INVALID, ILLEGAL_STATE when the file declares it
 */
export async function putPolicy(context: PlanContext, { input, sources, actor }: PutPolicyRequest): Promise<PutPolicy> {
  const { registry } = context;
  const policy = parsePolicy(input);
  checkPolicySources([policy], sources);
  const stored = await listStored(registry);
  const before = stored.find((entry) => entry.policy.name === policy.name);
  if (before !== undefined) requireApiMayChange(before);
  checkPoliciesTogether([...stored.map((entry) => entry.policy).filter(({ name }) => name !== policy.name), policy]);
  await requireFreeLayout(registry, policy);
  const fields = before === undefined ? [] : policyFieldChanges(before.policy, policy);
  await changePolicies(registry, { set: [change(policy, 'api', fields)], remove: [], actor });
  const policies = (await listStored(registry)).map((entry) => entry.policy);
  const effects = await effectsOn(context, policies);
  return { policy, fields, stored: effects.find((effect) => effect.policy === policy.name) };
}

/** What was archived stays where it is when its policy goes, or its source gets another name. */
async function requireFreeLayout(registry: Registry, { name, source, layout }: Policy): Promise<void> {
  if (layout !== 'flat') return;
  const other = await otherSourceOfLayout(registry, { source, layout });
  if (other === undefined) return;
  throw new AppError(
    'POLICY_INVALID',
    `policy ${name}: layout is "flat" for source ${source}, and objects of source ${other} are laid out so already: theirs would have the same keys; set layout to "hive"`,
  );
}

/** @throws AppError NOT_FOUND, ILLEGAL_STATE when the file declares it */
export async function removePolicy(
  registry: PrismaClient,
  { name, actor }: { readonly name: string; readonly actor: string },
): Promise<void> {
  const stored = (await listStored(registry)).find(({ policy }) => policy.name === name);
  if (stored === undefined) throw new AppError('NOT_FOUND', `there is no policy ${name}`);
  requireApiMayChange(stored);
  await changePolicies(registry, { set: [], remove: [name], actor });
}

/** Applied policies, of one source or of all. */
export async function listStored(registry: Registry, source?: string): Promise<readonly StoredPolicy[]> {
  return (await listPolicies(registry, source)).map(toStored);
}

function toStored({ origin, settings }: PolicyRecord): StoredPolicy {
  return { origin, policy: parsePolicy(settings) };
}

function change(policy: Policy, origin: PolicyOrigin, fields: readonly FieldChange[]) {
  const settings = policy as unknown as Prisma.InputJsonObject;
  const detail = { origin, fields: fields.map(({ field, from, to }) => ({ field, from, to })) };
  return { name: policy.name, source: policy.source, origin, settings, detail };
}

/** @throws AppError NOT_FOUND */
export async function findPolicy(registry: Registry, name: string): Promise<Policy> {
  const found = (await listStored(registry)).find(({ policy }) => policy.name === name);
  if (found === undefined) throw new AppError('NOT_FOUND', `there is no policy ${name}`);
  return found.policy;
}
