import type { ConditionContext } from '../iam/condition.ts';
import type { ServiceCall } from './call.ts';

/** What a header adds to the permissions that a write needs. */
const actionByHeader: readonly (readonly [string, string])[] = [
  ['x-amz-object-lock-mode', 's3:PutObjectRetention'],
  ['x-amz-object-lock-legal-hold', 's3:PutObjectLegalHold'],
  ['x-amz-tagging', 's3:PutObjectTagging'],
];

/** Actions on a version are permissions of their own. */
const versionedActions: ReadonlySet<string> = new Set([
  's3:GetObject',
  's3:DeleteObject',
  's3:GetObjectTagging',
  's3:PutObjectTagging',
  's3:DeleteObjectTagging',
  's3:GetObjectAttributes',
]);

/** All actions that a request needs, given the operation's own. Source: "Required permissions", S3 API operations. */
export function requiredActions(
  actions: readonly string[],
  call: Pick<ServiceCall, 'query' | 'headers'>,
): readonly string[] {
  const own = actions.map((action) =>
    call.query.has('versionId') && versionedActions.has(action)
      ? action.replace(/^(s3:(?:Get|Put|Delete)Object)(.*)$/, '$1Version$2')
      : action,
  );
  if (!actions.includes('s3:PutObject')) return own;
  const added = actionByHeader.filter(([header]) => call.headers.has(header)).map(([, action]) => action);
  return [...own, ...added];
}

/** The condition keys that every service knows of a request. */
export function callerContext(call: Pick<ServiceCall, 'caller'>): ConditionContext {
  return new Map([
    // Policies that insist on TLS must be storable and testable; the stand-in pretends that its plain HTTP is TLS.
    ['aws:securetransport', 'true'],
    ['aws:principalarn', call.caller.principalArn],
    ['aws:principalaccount', call.caller.accountId],
  ]);
}

/** The condition keys of a request that S3 documents and policies here may use. */
export function requestContext(call: Pick<ServiceCall, 'query' | 'headers' | 'caller'>): ConditionContext {
  const context = new Map(callerContext(call));
  const fromQuery = {
    's3:prefix': 'prefix',
    's3:delimiter': 'delimiter',
    's3:max-keys': 'max-keys',
    's3:versionid': 'versionId',
  };
  for (const [key, name] of Object.entries(fromQuery)) {
    const value = call.query.get(name);
    if (value !== null) context.set(key, value);
  }
  const fromHeaders = {
    's3:x-amz-server-side-encryption': 'x-amz-server-side-encryption',
    's3:x-amz-server-side-encryption-aws-kms-key-id': 'x-amz-server-side-encryption-aws-kms-key-id',
    's3:x-amz-storage-class': 'x-amz-storage-class',
    's3:object-lock-mode': 'x-amz-object-lock-mode',
    's3:object-lock-retain-until-date': 'x-amz-object-lock-retain-until-date',
    's3:if-none-match': 'if-none-match',
    's3:if-match': 'if-match',
  };
  for (const [key, name] of Object.entries(fromHeaders)) {
    const value = call.headers.get(name);
    if (value !== undefined) context.set(key, value);
  }
  return context;
}
