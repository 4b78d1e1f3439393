import { literalText, matchesPattern, type Pattern } from './wildcard.ts';

/** Values of condition keys by lower-case name; an absent key is not there, which IAM tells apart from an empty value. */
export type ConditionContext = ReadonlyMap<string, string>;

export interface Condition {
  readonly operator: ConditionOperator;
  readonly ifExists: boolean;
  /** Lower case: IAM compares key names without regard to case. */
  readonly key: string;
  readonly values: readonly Pattern[];
}

type Comparison = (expected: Pattern, given: string) => boolean;

const like: Comparison = matchesPattern;
const equal: Comparison = (expected, given) => literalText(expected) === given;
const equalIgnoringCase: Comparison = (expected, given) => literalText(expected).toLowerCase() === given.toLowerCase();
const numbers =
  (compare: (expected: number, given: number) => boolean): Comparison =>
  (expected, given) =>
    compare(Number(literalText(expected)), Number(given));

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
  NumericEquals: { compare: numbers((expected, given) => given === expected), negated: false },
  NumericLessThan: { compare: numbers((expected, given) => given < expected), negated: false },
  NumericLessThanEquals: { compare: numbers((expected, given) => given <= expected), negated: false },
  NumericGreaterThan: { compare: numbers((expected, given) => given > expected), negated: false },
  NumericGreaterThanEquals: { compare: numbers((expected, given) => given >= expected), negated: false },
  Null: { compare: equal, negated: false },
} as const satisfies Record<string, { readonly compare: Comparison; readonly negated: boolean }>;

export type ConditionOperator = keyof typeof operators;

export function isConditionOperator(name: string): name is ConditionOperator {
  return Object.hasOwn(operators, name);
}

export function holds(condition: Condition, context: ConditionContext): boolean {
  const given = context.get(condition.key);
  if (condition.operator === 'Null')
    return condition.values.some((value) => literalText(value) === String(given === undefined));
  const { compare, negated } = operators[condition.operator];
  if (given === undefined) return negated || condition.ifExists;
  return condition.values.some((expected) => compare(expected, given)) !== negated;
}
