import { parsePolicy } from '../../../src/archive/policy/parse-policy.ts';
import type { Policy } from '../../../src/archive/policy/policy.ts';

export const ledgerInput = {
  name: 'ledger',
  source: 'main',
  tables: ['public.*_ledger'],
  timeColumn: 'created_at',
  classification: 'financial',
} as const;

/** A valid policy of ledgers, with these fields otherwise. */
export function madePolicy(fields: { readonly [Field in keyof Policy]?: unknown } = {}): Policy {
  return parsePolicy({ ...ledgerInput, ...fields });
}
