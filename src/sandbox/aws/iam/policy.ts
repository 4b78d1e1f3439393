import { type Condition, type ConditionContext, holds } from './condition.ts';
import { matchesWildcard } from './wildcard.ts';

/** A list that the statement names, or (`not`) everything but that list. */
export interface Patterns {
  readonly not: boolean;
  readonly patterns: readonly string[];
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: Patterns;
  /** undefined in trust policies, which speak of themselves. */
  readonly resources: Patterns | undefined;
  /** undefined in identity and session policies, which speak of their owner. */
  readonly principals: Patterns | undefined;
  readonly conditions: readonly Condition[];
}

export type Policy = readonly Statement[];

/** What a caller wants to do. */
export interface Access {
  readonly action: string;
  readonly resource: string;
  /** Every name the caller goes by: its ARN, its role's ARN, its account's root and number. */
  readonly principals: readonly string[];
  readonly context: ConditionContext;
}

/**
 * What a policy says of an access; nothing said is undefined, which is not a permission. A Deny beats every Allow.
 * Source: "Policy evaluation logic", IAM user guide.
 */
export function evaluate(policy: Policy, access: Access): 'Allow' | 'Deny' | undefined {
  const effects = policy.filter((statement) => applies(statement, access)).map((statement) => statement.effect);
  if (effects.includes('Deny')) return 'Deny';
  return effects.includes('Allow') ? 'Allow' : undefined;
}

function applies(statement: Statement, access: Access): boolean {
  const action = access.action.toLowerCase();
  return (
    matches(statement.actions, (pattern) => matchesWildcard(pattern.toLowerCase(), action)) &&
    (statement.resources === undefined ||
      matches(statement.resources, (pattern) => matchesWildcard(pattern, access.resource))) &&
    (statement.principals === undefined ||
      matches(statement.principals, (pattern) => pattern === '*' || access.principals.includes(pattern))) &&
    statement.conditions.every((condition) => holds(condition, access.context))
  );
}

function matches(list: Patterns, test: (pattern: string) => boolean): boolean {
  return list.patterns.some(test) !== list.not;
}
