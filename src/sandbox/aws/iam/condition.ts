import { matchesWildcard } from './wildcard.ts';

/** Values of condition keys by lower-case name; an absent key is not there, which IAM tells apart from an empty value. */
export type ConditionContext = ReadonlyMap<string, string>;

export interface Condition {
  readonly operator: ConditionOperator;
  readonly ifExists: boolean;
  /** Lower case: IAM compares key names without regard to case. */
  readonly key: string;
  readonly values: readonly string[];
}

type Comparison = (expected: string, given: string) => boolean;

const equal: Comparison = (expected, given) => expected === given;
const like: Comparison = (expected, given) => matchesWildcard(expected, given);
const equalIgnoringCase: Comparison = (expected, given) => expected.toLowerCase() === given.toLowerCase();

/** `negated`: holds when no value matches, and when the key is absent. */
const operators = {
  StringEquals: { compare: equal, negated: false },
  StringNotEquals: { compare: equal, negated: true },
  StringEqualsIgnoreCase: { compare: equalIgnoringCase, negated: false },
  StringNotEqualsIgnoreCase: { compare: equalIgnoringCase, negated: true },
  StringLike: { compare: like, negated: false },
  StringNotLike: { compare: like, negated: true },
  ArnEquals: { compare: like, negated: false },
  ArnLike: { compare: like, negated: false },
  ArnNotEquals: { compare: like, negated: true },
  ArnNotLike: { compare: like, negated: true },
  Bool: { compare: equalIgnoringCase, negated: false },
  NumericEquals: { compare: (expected, given) => Number(given) === Number(expected), negated: false },
  NumericLessThan: { compare: (expected, given) => Number(given) < Number(expected), negated: false },
  NumericLessThanEquals: { compare: (expected, given) => Number(given) <= Number(expected), negated: false },
  NumericGreaterThan: { compare: (expected, given) => Number(given) > Number(expected), negated: false },
  NumericGreaterThanEquals: { compare: (expected, given) => Number(given) >= Number(expected), negated: false },
  Null: { compare: equal, negated: false },
} as const satisfies Record<string, { readonly compare: Comparison; readonly negated: boolean }>;

export type ConditionOperator = keyof typeof operators;

export function isConditionOperator(name: string): name is ConditionOperator {
  return Object.hasOwn(operators, name);
}

export function holds(condition: Condition, context: ConditionContext): boolean {
  const given = context.get(condition.key);
  if (condition.operator === 'Null') return condition.values.includes(String(given === undefined));
  const { compare, negated } = operators[condition.operator];
  if (given === undefined) return negated || condition.ifExists;
  return condition.values.some((expected) => compare(expected, given)) !== negated;
}
