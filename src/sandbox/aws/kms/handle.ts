import { authenticate } from '../auth/authenticate.ts';
import { sha256Hex } from '../auth/canonical-request.ts';
import { readSignatureClaim } from '../auth/signature-claim.ts';
import { AwsError, type AwsErrorCode } from '../aws-error.ts';
import type { Reply } from '../http/reply.ts';
import type { AwsRequest } from '../http/request.ts';
import { maxKmsBodyBytes } from '../limits.ts';
import type { Sighting } from '../sighting.ts';
import type { World } from '../world.ts';
import { type KmsCall, kmsOperations } from './kms-operations.ts';

const targetPrefix = 'TrentService.';
const contentType = 'application/x-amz-json-1.1';

/** KMS is a POST to `/` that names its operation in a header. */
export function isKms(request: AwsRequest): boolean {
  return request.method === 'POST' && request.path === '/' && targetOf(request).startsWith(targetPrefix);
}

/** One request to KMS. @throws AwsError, already in the codes of KMS */
export async function handleKms(world: World, request: AwsRequest, sighting: Sighting): Promise<Reply> {
  const name = targetOf(request).slice(targetPrefix.length);
  const operation = Object.hasOwn(kmsOperations, name) ? kmsOperations[name] : undefined;
  const call = await readCall(world, request).catch((error: unknown) => {
    throw inTermsOfKms(error);
  });
  sighting.principal = call.caller.arn;
  if (operation === undefined) throw new AwsError('UnknownOperationException', `there is no operation ${name} here`);
  sighting.operation = `kms:${name}`;
  return { status: 200, headers: { 'content-type': contentType }, body: JSON.stringify(operation(call)) };
}

export function renderKmsError(error: AwsError, requestId: string): Reply {
  return {
    status: error.status,
    headers: { 'content-type': contentType, 'x-amzn-requestid': requestId },
    body: JSON.stringify({ __type: error.code, message: error.message }),
  };
}

async function readCall(world: World, request: AwsRequest): Promise<KmsCall> {
  const claim = readSignatureClaim(request);
  if (claim === undefined) throw new AwsError('MissingAuthenticationToken', 'the request is not signed');
  const body = await readBody(request);
  const { caller } = authenticate(world, request, { claim, service: 'kms', payloadHash: sha256Hex(body) });
  if (!claim.signedHeaders.includes('x-amz-target')) {
    throw new AwsError('SignatureDoesNotMatch', 'the header x-amz-target is not signed');
  }
  if (request.headers.get('content-type') !== contentType) {
    throw new AwsError('SerializationException', `the content type is not ${contentType}`);
  }
  return { world, caller, region: claim.region, input: parse(body) };
}

async function readBody(request: AwsRequest): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of request.body) {
    sizeBytes += piece.length;
    if (sizeBytes > maxKmsBodyBytes) throw new AwsError('ValidationException', 'the request is too large');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function parse(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Told below, as what is JSON but no object.
  }
  throw new AwsError('SerializationException', 'the body is not a JSON object');
}

const kmsCodes: Partial<Record<AwsErrorCode, AwsErrorCode>> = {
  InvalidAccessKeyId: 'UnrecognizedClientException',
  InvalidToken: 'UnrecognizedClientException',
  ExpiredToken: 'ExpiredTokenException',
  MissingAuthenticationToken: 'MissingAuthenticationTokenException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
  RequestTimeTooSkewed: 'InvalidSignatureException',
  AuthorizationHeaderMalformed: 'InvalidSignatureException',
  AccessDenied: 'InvalidSignatureException',
};

/** KMS words the failures of authentication in its own way. */
function inTermsOfKms(error: unknown): unknown {
  if (!(error instanceof AwsError)) return error;
  return new AwsError(kmsCodes[error.code] ?? error.code, error.message, { status: 400 });
}

function targetOf(request: AwsRequest): string {
  return request.headers.get('x-amz-target') ?? '';
}
