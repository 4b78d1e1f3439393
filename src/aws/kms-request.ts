import { AppError, type ErrorCode, isAppError, isTransient } from '../errors.ts';
import { type Backoff, backOff } from './backoff.ts';
import type { BaseCredentials } from './config.ts';
import { signRequest } from './sign-request.ts';
import { isNetworkCode, VendorError } from './vendor-error.ts';

export interface KmsEndpoint {
  readonly url: URL;
  readonly region: string;
  /** Asked before every request, so that sessions are renewed in time. */
  readonly credentials: () => Promise<BaseCredentials>;
  readonly requestTimeoutMs: number;
  readonly maxAttempts: number;
}

export interface KmsCall {
  readonly operation: 'GetPublicKey' | 'Sign';
  readonly keyId: string;
  readonly input: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Both operations change nothing, and may be asked again. */
const backoff: Backoff = { baseMs: 200, maxMs: 5_000 };
/** A public key and a certificate of names; KMS answers less than 2 kB. */
const maxAnswerBytes = 64 * 1024;

/**
 * One request to KMS in its JSON protocol, repeated while its failure may pass.
 * @throws AppError KMS_DENIED, BAD_CONFIG, CREDENTIALS, CANCELLED, or transient
 */
export async function askKms(endpoint: KmsEndpoint, call: KmsCall): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await askOnce(endpoint, call);
    } catch (error) {
      const mayPass = isAppError(error) && isTransient(error.code) && error.code !== 'CANCELLED';
      if (!mayPass || attempt >= endpoint.maxAttempts) throw error;
      await backOff(backoff, attempt, call.signal);
    }
  }
}

async function askOnce(endpoint: KmsEndpoint, { operation, keyId, input, signal }: KmsCall): Promise<unknown> {
  const timeout = AbortSignal.timeout(endpoint.requestTimeoutMs);
  const subject = `ask KMS of ${endpoint.region} for ${operation} with key ${keyId}`;
  const credentials = await endpoint.credentials().catch((cause: unknown) => {
    throw new AppError('CREDENTIALS', `${subject}: no AWS credentials of our own were found`, { cause });
  });
  const body = JSON.stringify({ KeyId: keyId, ...input });
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${operation}` };
  const { url, region } = endpoint;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: signRequest({ url, headers, body, service: 'kms', region, credentials, now: new Date() }),
      body,
      redirect: 'error',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const answer = parse(await readBounded(response));
    if (response.ok) return answer;
    throw refusal(response.status, answer, subject);
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (signal?.aborted) throw new AppError('CANCELLED', `${subject}: cancelled`, { cause: error });
    if (timeout.aborted) throw new AppError('TIMEOUT', `${subject}: no answer in time`, { cause: error });
    const cause = new VendorError(error instanceof Error && error.cause !== undefined ? error.cause : error);
    const code = isNetworkCode(cause.vendorCode) ? 'NETWORK' : 'SERVER_ERROR';
    throw new AppError(code, `${subject}: ${cause.message}`, { cause });
  }
}

async function readBounded(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of response.body ?? []) {
    sizeBytes += piece.length;
    if (sizeBytes > maxAnswerBytes) throw new Error(`the answer has more than ${maxAnswerBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error('the answer is not JSON', { cause });
  }
}

const codeByType: Readonly<Record<string, ErrorCode>> = {
  AccessDeniedException: 'KMS_DENIED',
  NotFoundException: 'BAD_CONFIG',
  InvalidArnException: 'BAD_CONFIG',
  DisabledException: 'KMS_DENIED',
  KMSInvalidStateException: 'KMS_DENIED',
  InvalidKeyUsageException: 'BAD_CONFIG',
  UnsupportedOperationException: 'BAD_CONFIG',
  ValidationException: 'BAD_CONFIG',
  UnrecognizedClientException: 'CREDENTIALS',
  InvalidSignatureException: 'CREDENTIALS',
  IncompleteSignatureException: 'CREDENTIALS',
  MissingAuthenticationTokenException: 'CREDENTIALS',
  ExpiredTokenException: 'CREDENTIALS',
  ThrottlingException: 'THROTTLED',
  RequestLimitExceeded: 'THROTTLED',
  KeyUnavailableException: 'SERVER_ERROR',
  DependencyTimeoutException: 'SERVER_ERROR',
  KMSInternalException: 'SERVER_ERROR',
};

const maxShownLength = 300;

/** @see "Common errors" and the errors of Sign and GetPublicKey in the KMS API reference */
function refusal(status: number, answer: unknown, subject: string): AppError {
  const { __type, message, Message } = Object(answer) as Readonly<Record<string, unknown>>;
  const type = String(__type ?? status).replace(/^.*#/, '');
  const said = String(message ?? Message ?? '').slice(0, maxShownLength);
  const known = Object.hasOwn(codeByType, type) ? codeByType[type] : undefined;
  const code = known ?? (status >= 500 ? 'SERVER_ERROR' : status === 403 ? 'KMS_DENIED' : 'BAD_CONFIG');
  const advice = code === 'KMS_DENIED' ? '; it takes kms:GetPublicKey and kms:Sign, and the key must be enabled' : '';
  return new AppError(code, `${subject}: ${type}${said === '' ? '' : `: ${said}`}${advice}`);
}
