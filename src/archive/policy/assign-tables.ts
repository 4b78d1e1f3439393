import { defaultDenyPatterns } from './deny-list.ts';
import type { Policy } from './policy.ts';
import { type DeniedTable, deniedText, selectTables } from './select-tables.ts';
import { type TableName, tableText } from './table-pattern.ts';

/** A table of a source database. */
export interface SourceTable extends TableName {
  readonly source: string;
}

/** Why a policy as a whole does nothing. */
export interface Refusal {
  readonly code: 'TABLE_DENIED' | 'POLICY_INVALID';
  readonly message: string;
}

/** One policy, and the tables that it reaches. */
export interface PolicyTables {
  readonly policy: Policy;
  readonly tables: readonly SourceTable[];
  readonly denied: readonly DeniedTable[];
  readonly unmatched: readonly string[];
  /** Set: nothing of it may be done. */
  readonly refusal: Refusal | undefined;
}

export interface AssignTablesOptions {
  /** Those that are not enabled are left out. */
  readonly policies: readonly Policy[];
  /** Configured patterns; those of deny-list.ts count always. */
  readonly deny: readonly string[];
  readonly tables: readonly SourceTable[];
  /** Sources that are read-only replicas. */
  readonly replicas?: readonly string[] | undefined;
}

/**
 * Which policy is whose. A policy that reaches a denied table is refused, and so are two that reach the same one: which
 * of them was meant is not for us to guess; and so is one that purges where nothing can be deleted.
 */
export function assignTables({ policies, deny, tables, replicas = [] }: AssignTablesOptions): readonly PolicyTables[] {
  const allDenied = [...defaultDenyPatterns, ...deny];
  const bySource = Map.groupBy(tables, ({ source }) => source);
  const selected = policies
    .filter(({ enabled }) => enabled)
    .map((policy) => {
      const existing = bySource.get(policy.source) ?? [];
      const { matched, ...rest } = selectTables({ patterns: policy.tables, deny: allDenied, existing });
      return { policy, tables: matched.map((name) => ({ source: policy.source, ...name })), ...rest };
    });
  const owners = Map.groupBy(
    selected.flatMap(({ policy, tables: reached }) => reached.map((table) => ({ table, policy: policy.name }))),
    ({ table }) => tableKey(table),
  );
  return selected.map((entry) => ({
    ...entry,
    refusal: refusalOf(entry, owners) ?? refusalOfReplica(entry, replicas),
  }));
}

/** One text for one table, whatever dots its names have. */
export function tableKey({ source, schema, table }: SourceTable): string {
  return JSON.stringify([source, schema, table]);
}

type Owners = ReadonlyMap<string, readonly { readonly policy: string }[]>;

function refusalOf({ policy, tables, denied }: Omit<PolicyTables, 'refusal'>, owners: Owners): Refusal | undefined {
  if (denied.length > 0) return { code: 'TABLE_DENIED', message: `policy ${policy.name} ${deniedText(denied)}` };
  for (const table of tables) {
    const other = owners.get(tableKey(table))?.find((owner) => owner.policy !== policy.name);
    if (other === undefined) continue;
    const message = `policy ${policy.name}: tables reaches ${tableText(table)} of ${table.source}, and so does policy ${other.policy}: name the tables so that only one of them does`;
    return { code: 'POLICY_INVALID', message };
  }
  return undefined;
}

function refusalOfReplica({ policy }: Omit<PolicyTables, 'refusal'>, replicas: readonly string[]): Refusal | undefined {
  if (!policy.purge || !replicas.includes(policy.source)) return undefined;
  const message = `policy ${policy.name}: purge is on, and source ${policy.source} is a read-only replica, where nothing can be deleted: let the source's URL lead to the primary, or set purge to false`;
  return { code: 'POLICY_INVALID', message };
}
