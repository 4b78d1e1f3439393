import { AppError } from '../../errors.ts';
import { changePolicies, listPolicies, type PolicyRecord } from '../../registry/archive/policy.ts';
import type { Prisma, PrismaClient } from '../../registry/generated/client.ts';
import type { Registry } from '../../registry/registry.ts';
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

/** What applying the policies of billvault.yaml would change. Nothing is changed. */
export async function planPolicies(registry: Registry, wanted: readonly Policy[]): Promise<PolicyDifference> {
  return policyDifference(await listStored(registry), wanted);
}

export interface ApplyPoliciesRequest {
  readonly wanted: readonly Policy[];
  readonly actor: string;
}

/**
 * Makes the registry's policies those of billvault.yaml; policies of the API stay.
 * @throws AppError POLICY_INVALID when a policy of the file and one of the API contradict each other
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

/**
 * Makes or changes one policy of the API.
 * @throws AppError POLICY_INVALID, ILLEGAL_STATE when the file declares it
 */
export async function putPolicy(
  registry: PrismaClient,
  { input, sources, actor }: PutPolicyRequest,
): Promise<{ readonly policy: Policy; readonly fields: readonly FieldChange[] }> {
  const policy = parsePolicy(input);
  checkPolicySources([policy], sources);
  const stored = await listStored(registry);
  const before = stored.find((entry) => entry.policy.name === policy.name);
  if (before !== undefined) requireApiMayChange(before);
  checkPoliciesTogether([...stored.map((entry) => entry.policy).filter(({ name }) => name !== policy.name), policy]);
  const fields = before === undefined ? [] : policyFieldChanges(before.policy, policy);
  await changePolicies(registry, { set: [change(policy, 'api', fields)], remove: [], actor });
  return { policy, fields };
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
