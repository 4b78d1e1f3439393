import { authenticate } from '../auth/authenticate.ts';
import { sha256Hex } from '../auth/canonical-request.ts';
import { readSignatureClaim } from '../auth/signature-claim.ts';
import { AwsError, type AwsErrorCode } from '../aws-error.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import type { AwsRequest } from '../http/request.ts';
import type { Caller } from '../iam/caller.ts';
import { maxFormBodyBytes } from '../limits.ts';
import type { Sighting } from '../sighting.ts';
import type { World } from '../world.ts';
import { element, stsNamespace, text, xmlDocument } from '../xml.ts';
import { assumeRole } from './assume-role.ts';

/** STS is a POST to `/` whose signature is for STS, or that carries a form; S3 has no such request. */
export function isSts(request: AwsRequest): boolean {
  return request.method === 'POST' && request.path === '/';
}

/** One request to STS. @throws AwsError, already in the codes of STS */
export async function handleSts(world: World, request: AwsRequest, sighting: Sighting): Promise<Reply> {
  const form = new URLSearchParams();
  const caller = await identify(world, request, form).catch((error: unknown) => {
    throw inTermsOfSts(error);
  });
  sighting.principal = caller.arn;
  const action = form.get('Action') ?? '';
  sighting.operation = action === '' ? sighting.operation : action;
  switch (action) {
    case 'AssumeRole':
      return answer(action, assumeRole(world, caller, form));
    case 'GetCallerIdentity':
      return answer(
        action,
        text('Arn', caller.arn) + text('UserId', caller.userId) + text('Account', caller.accountId),
      );
    default:
      throw new AwsError(
        'InvalidAction',
        `Could not find operation ${action} for version ${form.get('Version') ?? ''}`,
      );
  }
}

export function renderStsError(error: AwsError, requestId: string): string {
  const type = error.status >= 500 ? 'Receiver' : 'Sender';
  const body = element('Error', text('Type', type), text('Code', error.code), text('Message', error.message));
  return xmlDocument('ErrorResponse', stsNamespace, body, text('RequestId', requestId));
}

/** Fills `form` with the body, once it is known to be what was signed. */
async function identify(world: World, request: AwsRequest, form: URLSearchParams): Promise<Caller> {
  const claim = readSignatureClaim(request);
  if (claim === undefined) throw new AwsError('MissingAuthenticationToken', 'the request is not signed');
  const body = await readForm(request);
  const payloadHash = sha256Hex(body);
  const { caller } = authenticate(world, request, { claim, service: 'sts', payloadHash });
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) form.append(name, value);
  return caller;
}

async function readForm(request: AwsRequest): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of request.body) {
    sizeBytes += piece.length;
    if (sizeBytes > maxFormBodyBytes) throw new AwsError('ValidationError', 'The request is too large.');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

const stsCodes: Partial<Record<AwsErrorCode, AwsErrorCode>> = {
  InvalidAccessKeyId: 'InvalidClientTokenId',
  InvalidToken: 'InvalidClientTokenId',
  RequestTimeTooSkewed: 'SignatureDoesNotMatch',
  AuthorizationHeaderMalformed: 'SignatureDoesNotMatch',
};

/** STS words the failures of authentication in its own way, and answers all of them with 403. */
function inTermsOfSts(error: unknown): unknown {
  if (!(error instanceof AwsError) || error.code === 'ValidationError') return error;
  return new AwsError(stsCodes[error.code] ?? error.code, error.message, { status: 403 });
}

function answer(action: string, result: string): Reply {
  return xmlReply(
    xmlDocument(
      `${action}Response`,
      stsNamespace,
      element(`${action}Result`, result),
      element('ResponseMetadata', text('RequestId', crypto.randomUUID())),
    ),
    { 'content-type': 'text/xml' },
  );
}
