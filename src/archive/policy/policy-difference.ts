import { isDeepStrictEqual } from 'node:util';
import { AppError } from '../../errors.ts';
import type { RetentionEffect } from '../../registry/archive/retention.ts';
import { endingDays } from '../locks/extend-ending-locks.ts';
import { compressionText } from './compression.ts';
import type { Policy } from './policy.ts';

/** Who declared a policy: billvault.yaml, or a person by the API. */
export type PolicyOrigin = 'file' | 'api';

/** A policy that is applied now. */
export interface StoredPolicy {
  readonly origin: PolicyOrigin;
  readonly policy: Policy;
}

export interface FieldChange {
  readonly field: string;
  readonly from: string;
  readonly to: string;
  /** Why this protects less than before; undefined when it does not. */
  readonly loosens: string | undefined;
}

export interface PolicyChange {
  readonly name: string;
  /** As it shall be. */
  readonly policy: Policy;
  readonly fields: readonly FieldChange[];
}

/** What applying billvault.yaml would do; each list in the order of names. */
export interface PolicyDifference {
  readonly added: readonly Policy[];
  readonly changed: readonly PolicyChange[];
  /** Names of policies that the file had and has no more. Their archives stay, and are kept as long as they were locked. */
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
  /** Names that a policy of the API has already: it stays, and the file's is not applied. */
  readonly contested: readonly string[];
  /** What of the parts that are stored already is to be locked otherwise, by policy; those that change nothing are left out. */
  readonly stored: readonly RetentionEffect[];
}

/**
 * @param current every policy that is applied, whatever its origin
 * @param wanted those of billvault.yaml
 */
export function policyDifference(current: readonly StoredPolicy[], wanted: readonly Policy[]): PolicyDifference {
  const stored = new Map(current.map((entry) => [entry.policy.name, entry]));
  const names = new Set(wanted.map(({ name }) => name));
  const ordered = wanted.toSorted((a, b) => compare(a.name, b.name));
  const ofFile = ordered.filter(({ name }) => stored.get(name)?.origin !== 'api');
  const known = ofFile.flatMap((policy): PolicyChange[] => {
    const before = stored.get(policy.name);
    return before === undefined
      ? []
      : [{ name: policy.name, policy, fields: policyFieldChanges(before.policy, policy) }];
  });
  return {
    added: ofFile.filter(({ name }) => !stored.has(name)),
    changed: known.filter(({ fields }) => fields.length > 0),
    removed: current
      .filter(({ origin, policy }) => origin === 'file' && !names.has(policy.name))
      .map(({ policy }) => policy.name)
      .toSorted(compare),
    unchanged: known.filter(({ fields }) => fields.length === 0).map(({ name }) => name),
    contested: ordered.filter(({ name }) => stored.get(name)?.origin === 'api').map(({ name }) => name),
    stored: [],
  };
}

/** Every field in which the two differ. */
export function policyFieldChanges(from: Policy, to: Policy): readonly FieldChange[] {
  const fields = new Set([...Object.keys(from), ...Object.keys(to)]) as Set<keyof Policy>;
  return [...fields]
    .filter((field) => !isDeepStrictEqual(from[field], to[field]))
    .map((field) => ({
      field,
      from: valueText(from, field),
      to: valueText(to, field),
      loosens: loosening(field, from, to),
    }));
}

/** @throws AppError ILLEGAL_STATE when the policy is declared in billvault.yaml */
export function requireApiMayChange({ origin, policy }: StoredPolicy): void {
  if (origin === 'api') return;
  throw new AppError(
    'ILLEGAL_STATE',
    `policy ${policy.name} is declared in billvault.yaml: change it there, then run "billvault policy apply"`,
  );
}

/** For people: what would change, one line each; nothing to do is said as well. */
export function differenceLines(difference: PolicyDifference): readonly string[] {
  const { added, changed, removed, unchanged, contested, stored } = difference;
  const effectLines = (name: string) => stored.filter(({ policy }) => policy === name).flatMap(storedLines);
  const lines = [
    ...added.flatMap(({ name, source, tables }) => [
      `+ ${name}: ${tables.join(', ')} of ${source}`,
      ...effectLines(name),
    ]),
    ...changed.flatMap(({ name, fields }) => [`~ ${name}`, ...fields.map(changeLine), ...effectLines(name)]),
    ...unchanged.flatMap((name) => effectLines(name).map((line) => `  ${name}: ${line.trim()}`)),
    ...removed.map((name) => `- ${name}: nothing more is archived by it; what was archived stays`),
    ...contested.map((name) => `! ${name}: the API has a policy of this name; that one stays, rename the file's`),
  ];
  if (added.length + changed.length + removed.length > 0) return lines;
  return [
    ...lines,
    unchanged.length === 0
      ? 'no policies'
      : `no changes (${unchanged.length} ${unchanged.length === 1 ? 'policy' : 'policies'})`,
  ];
}

/** What is stored already, as a policy wants it now. */
function storedLines({ longer, stronger, kept }: RetentionEffect): readonly string[] {
  const parts = (of: number) => (of === 1 ? '1 stored part' : `${of.toLocaleString('en-US')} stored parts`);
  return [
    ...(longer === 0
      ? []
      : [
          `    ${parts(longer)} ${longer === 1 ? 'gets' : 'get'} a longer lock ${endingDays} days before ${longer === 1 ? 'its own ends' : 'theirs end'}, or now by billvault archive lock extend`,
        ]),
    ...(stronger === 0
      ? []
      : [
          `    ${parts(stronger)} ${stronger === 1 ? 'is' : 'are'} under GOVERNANCE: only who may bypass that makes COMPLIANCE of it (billvault archive lock extend --bypass-governance)`,
        ]),
    ...(kept === 0
      ? []
      : [`    ${parts(kept)} ${kept === 1 ? 'keeps its lock' : 'keep their locks'}: none is made shorter or weaker`]),
  ];
}

function changeLine({ field, from, to, loosens }: FieldChange): string {
  return `    ${field}: ${from} -> ${to}${loosens === undefined ? '' : `  (looser: ${loosens})`}`;
}

function loosening(field: keyof Policy, from: Policy, to: Policy): string | undefined {
  switch (field) {
    case 'retentionYears':
      return to.retentionYears < from.retentionYears ? 'kept for less time' : undefined;
    case 'purge':
      return to.purge ? 'rows will be deleted from the database' : undefined;
    case 'hotDays':
      return to.purge && to.hotDays < from.hotDays ? 'rows leave the database sooner' : undefined;
    case 'undoDays':
      return to.undoDays < from.undoDays ? 'a purge can be undone for less time' : undefined;
    case 'lockMode':
      return to.lockMode === 'GOVERNANCE' ? 'who has the permission may lift the lock' : undefined;
    case 'enabled':
      return to.enabled ? undefined : 'nothing more is archived';
    case 'tables':
      return from.tables.every((pattern) => to.tables.includes(pattern)) ? undefined : 'some tables are left out';
    default:
      return undefined;
  }
}

function valueText(policy: Policy, field: keyof Policy): string {
  if (field === 'compression') return compressionText(policy.compression);
  const value = policy[field];
  if (value === undefined) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
