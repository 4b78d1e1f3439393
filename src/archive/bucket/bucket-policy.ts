import type { PolicyStatement } from '../../aws/policy.ts';
import { canonicalJson, isRecord } from './canonical.ts';
import { ownSids } from './wanted-statements.ts';

/** A statement of a bucket's policy, ours or not, as it was written. */
export type Statement = Readonly<Record<string, unknown>>;

export interface BucketPolicy {
  /** Everything of the document but its statements: the version decides how others' statements are read, and stays. */
  readonly head: Readonly<Record<string, unknown>>;
  readonly statements: readonly Statement[];
}

/** S3 user guide, "Bucket policies". */
export const MAX_POLICY_BYTES = 20 * 1024;

/** @returns undefined for what is no policy document */
export function parseBucketPolicy(text: string): BucketPolicy | undefined {
  try {
    const document: unknown = JSON.parse(text);
    if (!isRecord(document)) return undefined;
    const { Statement: content, ...head } = document;
    const statements = Array.isArray(content) ? content : [content];
    return statements.every(isRecord) ? { head, statements } : undefined;
  } catch {
    return undefined;
  }
}

export function isOwn(statement: Statement): boolean {
  return ownSids.some((sid) => sid === statement['Sid']);
}

/** The document with others' statements as they are, and ours as wanted. */
export function withStatements(policy: BucketPolicy | undefined, wanted: readonly PolicyStatement[]): BucketPolicy {
  const others = (policy?.statements ?? []).filter((statement) => !isOwn(statement));
  return {
    head: policy?.head ?? { Version: '2012-10-17' },
    statements: [...others, ...wanted.map((one) => ({ ...one }))],
  };
}

export function policyText({ head, statements }: BucketPolicy): string {
  return JSON.stringify({ ...head, Statement: statements });
}

/** One line a statement. S3 may answer a list of one as that one, and lists in another order. */
export function statementLines(statements: readonly Statement[]): readonly string[] {
  return statements.map((statement) => canonicalJson(settled(statement)));
}

/** Whether a statement lets in everybody, or everybody who meets its conditions. */
export function opens(statement: Statement): 'everybody' | 'everybody on a condition' | 'nobody' {
  if (statement['Effect'] !== 'Allow' || !isOfAll(statement)) return 'nobody';
  return statement['Condition'] === undefined ? 'everybody' : 'everybody on a condition';
}

function isOfAll(statement: Statement): boolean {
  const { Principal: principal } = statement;
  // All but some is nearly everybody.
  if (statement['NotPrincipal'] !== undefined) return true;
  const named = isRecord(principal) ? Object.values(principal).flat() : [principal];
  return named.includes('*');
}

function settled(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(settled);
    return items.length === 1
      ? items[0]
      : items.toSorted((left, right) => (canonicalJson(left) < canonicalJson(right) ? -1 : 1));
  }
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'Principal' && inner === '*' ? { AWS: '*' } : settled(inner),
    ]),
  );
}
