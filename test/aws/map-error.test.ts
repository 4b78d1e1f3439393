import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { type AwsCall, isExpiredSession, mapAwsError, redirectedRegion } from '../../src/aws/map-error.ts';

const assume: AwsCall = { operation: 'assume-role', roleArn: 'arn:aws:iam::111122223333:role/r', region: 'eu-south-2' };
const list: AwsCall = { operation: 'list', bucket: 'acme-bills', prefix: 'cur/' };
const head: AwsCall = { operation: 'head', bucket: 'acme-bills', key: 'cur/a.csv.gz' };
const put: AwsCall = { operation: 'put', bucket: 'acme-archive', key: 'ledger/a.parquet' };
const get: AwsCall = { operation: 'get', bucket: 'acme-bills', key: 'cur/a.csv.gz' };

/** As the SDK throws them. */
function vendor(name: string, httpStatusCode: number, message = name, more: object = {}): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode, requestId: 'R1' }, ...more });
}

function socket(code: string, name = 'Error'): Error {
  return Object.assign(new Error(`socket says ${code}`), { code, name });
}

test('every refusal, loss and failure has its own code', () => {
  const expected: readonly (readonly [unknown, AwsCall, string])[] = [
    [vendor('AccessDenied', 403), assume, 'ASSUME_ROLE_DENIED'],
    [vendor('AccessDenied', 403), list, 'LIST_DENIED'],
    [vendor('AccessDenied', 403), get, 'GET_DENIED'],
    [vendor('UnknownError', 403), head, 'GET_DENIED'],
    [vendor('AllAccessDisabled', 403), list, 'LIST_DENIED'],
    [vendor('AccessDenied', 403, 'is not authorized to perform: kms:Decrypt on the resource'), get, 'KMS_DENIED'],
    [vendor('KMS.DisabledException', 400), get, 'KMS_DENIED'],
    [vendor('NoSuchBucket', 404), list, 'BUCKET_NOT_FOUND'],
    [vendor('NoSuchBucket', 404), get, 'BUCKET_NOT_FOUND'],
    [vendor('NoSuchKey', 404), get, 'FILE_MISSING'],
    [vendor('NotFound', 404), head, 'FILE_MISSING'],
    [vendor('PreconditionFailed', 412), get, 'FILE_CHANGED'],
    [vendor('InvalidRange', 416), get, 'FILE_CHANGED'],
    [vendor('InvalidObjectState', 403), get, 'FILE_COLD'],
    [vendor('SlowDown', 503), get, 'THROTTLED'],
    [vendor('ServiceUnavailable', 503), list, 'THROTTLED'],
    [vendor('Throttling', 400), assume, 'THROTTLED'],
    [vendor('InternalError', 500), get, 'SERVER_ERROR'],
    [vendor('UnknownError', 502), list, 'SERVER_ERROR'],
    [vendor('SyntaxError', 200), list, 'SERVER_ERROR'],
    [vendor('ExpiredToken', 400), get, 'CREDENTIALS'],
    [vendor('InvalidClientTokenId', 403), assume, 'CREDENTIALS'],
    [vendor('RegionDisabledException', 403), assume, 'CREDENTIALS'],
    [vendor('SignatureDoesNotMatch', 403), get, 'CREDENTIALS'],
    [Object.assign(new Error('none found'), { name: 'CredentialsProviderError' }), assume, 'CREDENTIALS'],
    [vendor('PackedPolicyTooLargeException', 400), assume, 'BAD_INPUT'],
    [vendor('PermanentRedirect', 301), list, 'BAD_CONFIG'],
    [socket('ECONNRESET', 'TimeoutError'), get, 'NETWORK'],
    [socket('ECONNREFUSED'), list, 'NETWORK'],
    [socket('ENOTFOUND'), list, 'NETWORK'],
    [socket('EAI_AGAIN'), list, 'NETWORK'],
    [socket('ERR_STREAM_PREMATURE_CLOSE'), get, 'NETWORK'],
    [socket('ETIMEDOUT', 'TimeoutError'), get, 'TIMEOUT'],
    [Object.assign(new Error('slow'), { name: 'TimeoutError' }), list, 'TIMEOUT'],
    [vendor('RequestTimeout', 400), get, 'TIMEOUT'],
    [Object.assign(new Error('aborted'), { name: 'AbortError' }), list, 'CANCELLED'],
    [vendor('InvalidStorageClass', 400), put, 'BUCKET_UNFIT'],
    [vendor('InvalidArgument', 400), put, 'BUCKET_UNFIT'],
    [vendor('InvalidArgument', 400), get, 'INTERNAL'],
    ['a string', list, 'INTERNAL'],
  ];
  for (const [error, call, code] of expected) assert.equal(mapAwsError(error, call).code, code, inspect(error));
});

test('whatever fails after an abort is CANCELLED', () => {
  assert.equal(mapAwsError(socket('ECONNRESET'), get, AbortSignal.abort()).code, 'CANCELLED');
});

test('a message names what was asked for, what to do and the request', () => {
  const denied = mapAwsError(vendor('AccessDenied', 403, 'Access Denied'), list);
  assert.equal(
    denied.message,
    'list s3://acme-bills/cur/: access denied; the role needs s3:ListBucket on the bucket for this prefix (AccessDenied, request R1: Access Denied)',
  );
  assert.match(
    mapAwsError(vendor('InvalidClientTokenId', 403), assume).message,
    /eu-south-2 is an opt-in region, enable it/,
  );
});

test('no token or signature that the server repeats reaches an error or a log', () => {
  const leaking = vendor('ExpiredToken', 400, 'the session is over', {
    'Token-0': 'SECRET-SESSION-TOKEN',
    StringToSign: 'SECRET-STRING',
    $response: { headers: { 'set-cookie': 'SECRET-COOKIE' }, body: 'SECRET-BODY' },
  });
  const logged = inspect(mapAwsError(leaking, get), { depth: 20, showHidden: true });
  assert.doesNotMatch(logged, /SECRET/);
  assert.match(logged, /the session is over/);
});

test('an expired session is told from a refused one; HEAD cannot say which', () => {
  assert.equal(isExpiredSession(vendor('ExpiredToken', 400), get), true);
  assert.equal(isExpiredSession(vendor('BadRequest', 400), head), true);
  assert.equal(isExpiredSession(vendor('AccessDenied', 403), get), false);
});

test('a redirect tells the region; a refusal that mentions it does not redirect', () => {
  const $response = { headers: { 'x-amz-bucket-region': 'eu-central-1' } };
  assert.equal(redirectedRegion(vendor('PermanentRedirect', 301, 'moved', { $response })), 'eu-central-1');
  assert.equal(redirectedRegion(vendor('AuthorizationHeaderMalformed', 400, 'bad', { $response })), 'eu-central-1');
  assert.equal(redirectedRegion(vendor('AccessDenied', 403, 'no', { $response })), undefined);
});
