import { z } from 'zod';
import { type Condition, isConditionOperator } from './condition.ts';
import type { Named, Policy, Statement } from './policy.ts';
import { type Pattern, parsePattern, UnknownVariable } from './wildcard.ts';

const oneOrMany = z
  .union([z.string(), z.array(z.string())])
  .transform((value): readonly string[] => (typeof value === 'string' ? [value] : value));

const conditionValues = z
  .union([z.string(), z.boolean(), z.number(), z.array(z.union([z.string(), z.boolean(), z.number()]))])
  .transform((value): readonly string[] => (Array.isArray(value) ? value.map(String) : [String(value)]));

const principal = z.union([
  z.literal('*').transform((): readonly string[] => ['*']),
  z
    .record(z.enum(['AWS', 'Service', 'CanonicalUser', 'Federated']), oneOrMany.optional())
    .transform((kinds): readonly string[] => [...(kinds.AWS ?? []), ...(kinds.Service ?? [])]),
]);

const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: oneOrMany.optional(),
  NotAction: oneOrMany.optional(),
  Resource: oneOrMany.optional(),
  NotResource: oneOrMany.optional(),
  Principal: principal.optional(),
  NotPrincipal: principal.optional(),
  Condition: z.record(z.string(), z.record(z.string(), conditionValues)).optional(),
});

const document = z.strictObject({
  Version: z.enum(['2012-10-17', '2008-10-17']).optional(),
  Id: z.string().optional(),
  Statement: z.union([statement.transform((one) => [one]), z.array(statement)]),
});

/** A policy that means nothing to the stand-in: refused when it is set, so that no rule is ever silently without effect. */
export class PolicyError extends Error {}

/**
 * Reads an IAM policy document (JSON text or value). Known are Effect, (Not)Action, (Not)Resource, (Not)Principal, the
 * condition operators of condition.ts, and of policy variables the escapes of wildcard.ts. As in AWS, a document that
 * does not name the version 2012-10-17 has no variables: `${*}` is plain text with a wildcard in it.
 * @throws PolicyError naming what is not understood
 */
export function parsePolicy(source: unknown): Policy {
  const parsed = document.safeParse(typeof source === 'string' ? parseJson(source) : source);
  if (!parsed.success) throw new PolicyError(`policy: ${z.prettifyError(parsed.error)}`);
  const hasVariables = parsed.data.Version === '2012-10-17';
  return parsed.data.Statement.map((raw) => toStatement(raw, (text) => toPattern(text, hasVariables)));
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    throw new PolicyError('policy: not JSON');
  }
}

function toPattern(text: string, hasVariables: boolean): Pattern {
  try {
    return parsePattern(text, hasVariables);
  } catch (error) {
    if (error instanceof UnknownVariable) throw new PolicyError(`policy: ${error.message}`);
    throw error;
  }
}

type ToPattern = (text: string) => Pattern;

function toStatement(raw: z.output<typeof statement>, pattern: ToPattern): Statement {
  const actions = either(raw.Action, raw.NotAction, (text) => parsePattern(text.toLowerCase(), false));
  if (actions === undefined) throw new PolicyError('policy: a statement needs Action or NotAction');
  return {
    effect: raw.Effect,
    actions,
    resources: either(raw.Resource, raw.NotResource, pattern),
    principals: either(raw.Principal, raw.NotPrincipal, (name) => name),
    conditions: Object.entries(raw.Condition ?? {}).flatMap(([name, keys]) => toConditions(name, keys, pattern)),
  };
}

function either<T>(
  named: readonly string[] | undefined,
  others: readonly string[] | undefined,
  read: (text: string) => T,
): Named<T> | undefined {
  if (named !== undefined) return { not: false, list: named.map(read) };
  if (others !== undefined) return { not: true, list: others.map(read) };
  return undefined;
}

function toConditions(
  name: string,
  keys: Readonly<Record<string, readonly string[]>>,
  pattern: ToPattern,
): readonly Condition[] {
  const ifExists = name.endsWith('IfExists');
  const operator = ifExists ? name.slice(0, -'IfExists'.length) : name;
  if (!isConditionOperator(operator)) throw new PolicyError(`policy: condition operator ${name} is not known here`);
  return Object.entries(keys).map(([key, values]) => ({
    operator,
    ifExists,
    key: key.toLowerCase(),
    values: values.map(pattern),
  }));
}
