import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { retentionLimits } from './classification.ts';
import { type Policy, policyShape } from './policy.ts';
import { registrySource } from './registry-source.ts';

/**
 * A policy as it stands in billvault.yaml, was posted, or is kept in the registry; what it leaves out is filled in.
 * @throws AppError POLICY_INVALID naming the policy, every field that is wrong, its value and what is expected; or a
 *   contradiction between two fields, and how to resolve it
 */
export function parsePolicy(input: unknown): Policy {
  const result = policyShape.safeParse(input);
  if (!result.success) throw invalid(nameOf(input), describe(result.error, input));
  const { retentionYears, ...fields } = result.data;
  const policy: Policy = {
    ...fields,
    retentionYears: retentionYears ?? retentionLimits[fields.classification].defaultYears,
  };
  const contradiction = contradictions.map((find) => find(policy)).find((found) => found !== undefined);
  if (contradiction !== undefined) throw invalid(policy.name, contradiction);
  return policy;
}

/**
 * All policies of a deployment, whoever declared them: each by itself, and all together.
 * @throws AppError POLICY_INVALID
 */
export function parsePolicies(inputs: readonly unknown[]): readonly Policy[] {
  return checkPoliciesTogether(inputs.map(parsePolicy));
}

/**
 * What only several policies can get wrong; two that reach one table are found when tables are known (assign-tables.ts).
 * @throws AppError POLICY_INVALID
 */
export function checkPoliciesTogether(policies: readonly Policy[]): readonly Policy[] {
  const names = new Set<string>();
  for (const { name } of policies) {
    if (names.has(name)) throw invalid(name, 'name is given to two policies: rename one of them');
    names.add(name);
  }
  // Keys of the flat layout do not name their source, and all sources share the destination's prefix.
  const flat = policies.filter(({ layout }) => layout === 'flat');
  const other = flat.find(({ source }) => source !== flat[0]?.source);
  if (flat[0] !== undefined && other !== undefined) {
    throw invalid(
      other.name,
      `layout is "flat" for source ${other.source}, and policy ${flat[0].name} has it for source ${flat[0].source}: their objects would have the same keys; leave it to one source, give the other "hive"`,
    );
  }
  return policies;
}

/**
 * @param sources those of billvault.yaml
 * @throws AppError POLICY_INVALID for a policy of another source
 */
export function checkPolicySources(policies: readonly Policy[], sources: Iterable<string>): void {
  const known = new Set([...sources, registrySource]);
  const stray = policies.find(({ source }) => !known.has(source));
  if (stray === undefined) return;
  throw invalid(
    stray.name,
    `source is "${stray.source}", which archive.sources does not have: it has ${[...known].join(', ')}`,
  );
}

const hotLimit = (retentionYears: number) => retentionYears * 365;

/** Each says what contradicts what, and what to do; undefined where nothing does. */
const contradictions: readonly ((policy: Policy) => string | undefined)[] = [
  ({ classification, retentionYears }) => {
    const { minimumYears, maximumYears } = retentionLimits[classification];
    if (retentionYears >= minimumYears && retentionYears <= maximumYears) return undefined;
    return `retentionYears is ${retentionYears}: ${classification} data is kept for ${minimumYears} to ${maximumYears} years`;
  },
  ({ mode, timeColumn }) =>
    mode === 'monthly' && timeColumn === undefined
      ? 'timeColumn is missing: name the column that decides a row\'s month, or set mode to "snapshot"'
      : undefined,
  ({ mode, timeColumn }) =>
    mode === 'snapshot' && timeColumn !== undefined
      ? `timeColumn is "${timeColumn}" and mode is "snapshot", which takes the whole table: remove timeColumn, or set mode to "monthly"`
      : undefined,
  ({ mode, purge }) =>
    mode === 'snapshot' && purge
      ? 'purge is true and mode is "snapshot": a snapshot is a copy of what stays; set purge to false'
      : undefined,
  ({ hotDays, purge }) =>
    purge && hotDays === 0
      ? 'purge is true and hotDays is 0: rows would be deleted the moment their month ends; set hotDays to 1 or more'
      : undefined,
  ({ undoDays, purge }) =>
    undoDays > 0 && !purge
      ? `undoDays is ${undoDays} and purge is false: nothing would ever wait to be undone; set purge to true, or remove undoDays`
      : undefined,
  ({ hotDays, undoDays, retentionYears }) =>
    hotDays + undoDays >= hotLimit(retentionYears)
      ? `hotDays is ${hotDays}${undoDays > 0 ? ` (and undoDays ${undoDays})` : ''} and retentionYears is ${retentionYears}: the archive would expire before its rows leave the database; keep hotDays below ${hotLimit(retentionYears)}`
      : undefined,
  ({ primaryKey }) =>
    primaryKey !== undefined && new Set(primaryKey).size < primaryKey.length
      ? `primaryKey is ${JSON.stringify(primaryKey)}: it names a column twice`
      : undefined,
  ({ tables }) =>
    new Set(tables).size < tables.length ? `tables is ${JSON.stringify(tables)}: it names a pattern twice` : undefined,
  ofRegistry,
];

/** The registry's audit trail is append-only, and everything else in there is what the archive itself stands on. */
function ofRegistry({ source, tables, mode, purge }: Policy): string | undefined {
  if (source !== registrySource) return undefined;
  const stray = tables.find((table) => table !== 'registry.audit_event');
  if (stray !== undefined) {
    return `tables has "${stray}": of source "${registrySource}", the registry itself, only registry.audit_event may be archived`;
  }
  if (mode !== 'monthly') return 'mode is "snapshot": registry.audit_event is archived monthly, by timeColumn "at"';
  return purge
    ? 'purge is true: registry.audit_event is append-only, nothing can be deleted from it; set purge to false'
    : undefined;
}

function invalid(name: string, problem: string): AppError {
  return new AppError('POLICY_INVALID', `policy ${name}: ${problem}`);
}

function nameOf(input: unknown): string {
  const named = z.object({ name: z.string().max(63) }).safeParse(input);
  return named.success ? named.data.name : 'without a name';
}

function describe(error: z.ZodError, input: unknown): string {
  return error.issues
    .map((issue) => {
      const field = issue.path.join('.');
      const value = issue.path.reduce<unknown>((at, key) => (Object(at) as Record<PropertyKey, unknown>)[key], input);
      const shown = issue.code === 'unrecognized_keys' || value === undefined ? '' : ` is ${shorten(value)}`;
      return field === '' ? issue.message : `${field}${shown}: ${issue.message}`;
    })
    .join('; ');
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
