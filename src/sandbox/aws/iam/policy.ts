import { type Condition, type ConditionContext, holds } from './condition.ts';
import { matchesPattern, type Pattern } from './wildcard.ts';

/** A list that the statement names, or (`not`) everything but that list. */
export interface Named<T> {
  readonly not: boolean;
  readonly list: readonly T[];
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  /** Lower case: IAM compares actions without regard to case. */
  readonly actions: Named<Pattern>;
  /** undefined in trust policies, which speak of themselves. */
  readonly resources: Named<Pattern> | undefined;
  /** undefined in identity and session policies, which speak of their owner. */
  readonly principals: Named<string> | undefined;
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
    matches(statement.actions, (pattern) => matchesPattern(pattern, action)) &&
    (statement.resources === undefined ||
      matches(statement.resources, (pattern) => matchesPattern(pattern, access.resource))) &&
    (statement.principals === undefined ||
      matches(statement.principals, (name) => name === '*' || access.principals.includes(name))) &&
    statement.conditions.every((condition) => holds(condition, access.context))
  );
}

function matches<T>(named: Named<T>, test: (entry: T) => boolean): boolean {
  return named.list.some(test) !== named.not;
}
