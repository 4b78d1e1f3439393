import { z } from 'zod';
import { AppError, isAppError } from '../../../errors.ts';
import type { SandboxAdmin } from '../admin.ts';
import { equalText } from '../auth/verify-signature.ts';
import type { Reply } from '../http/reply.ts';
import type { AwsRequest } from '../http/request.ts';
import { maxXmlBodyBytes } from '../limits.ts';

export const adminPath = '/_sandbox/';

const policy = z.unknown().refine((value) => value !== undefined, 'is missing');

const inputs = {
  createUser: z.object({
    accountId: z.string(),
    name: z.string(),
    partition: z.string().exactOptional(),
    policy: z.unknown().optional(),
    accessKey: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }).exactOptional(),
  }),
  putRole: z.object({
    accountId: z.string(),
    name: z.string(),
    partition: z.string().exactOptional(),
    trustPolicy: policy,
    policy,
    maxSessionSeconds: z.number().int().exactOptional(),
  }),
  deleteRole: z.object({ arn: z.string() }),
  createBucket: z.object({
    name: z.string(),
    accountId: z.string(),
    region: z.string().exactOptional(),
    versioning: z.boolean().exactOptional(),
    objectLock: z.boolean().exactOptional(),
  }),
  deleteObject: z.object({ bucket: z.string(), key: z.string(), versionId: z.string().exactOptional() }),
  damageObject: z.object({
    bucket: z.string(),
    key: z.string(),
    versionId: z.string().exactOptional(),
    unlock: z.boolean().exactOptional(),
    base64: z.base64().exactOptional(),
  }),
  advanceClock: z.object({ seconds: z.number() }),
} as const;

/** The admin interface over HTTP: `POST /_sandbox/<method>` with JSON, objects as they are under `/_sandbox/object`. */
export async function handleAdmin(admin: SandboxAdmin, token: string, request: AwsRequest): Promise<Reply> {
  if (!equalText(`Bearer ${token}`, request.headers.get('authorization') ?? '')) {
    return json(403, { code: 'UNAUTHORIZED', message: 'the admin token is missing or wrong' });
  }
  try {
    const method = request.path.slice(adminPath.length);
    return method === 'object' ? await moveObject(admin, request) : json(200, await call(admin, method, request));
  } catch (error) {
    if (error instanceof z.ZodError) return json(400, { code: 'BAD_INPUT', message: z.prettifyError(error) });
    if (isAppError(error)) return json(400, { code: error.code, message: error.message });
    throw error;
  }
}

async function call(admin: SandboxAdmin, method: string, request: AwsRequest): Promise<unknown> {
  const input = await readJson(request);
  switch (method) {
    case 'createUser':
      return admin.createUser(inputs.createUser.parse(input));
    case 'putRole':
      return admin.putRole(inputs.putRole.parse(input));
    case 'deleteRole':
      return admin.deleteRole(inputs.deleteRole.parse(input).arn);
    case 'createBucket':
      return admin.createBucket(inputs.createBucket.parse(input));
    case 'deleteObject':
      return admin.deleteObject(inputs.deleteObject.parse(input));
    case 'damageObject': {
      const { base64, ...damage } = inputs.damageObject.parse(input);
      const body = base64 === undefined ? {} : { body: Buffer.from(base64, 'base64') };
      return admin.damageObject({ ...damage, ...body });
    }
    case 'advanceClock':
      return admin.advanceClock(inputs.advanceClock.parse(input).seconds);
    case 'runLifecycle':
      return admin.runLifecycle();
    case 'requestLog':
      return admin.requestLog();
    case 'resetLog':
      return admin.resetLog();
    default:
      throw new AppError('NOT_FOUND', `the sandbox has no admin method ${method}`);
  }
}

async function moveObject(admin: SandboxAdmin, request: AwsRequest): Promise<Reply> {
  const { query } = request;
  const address = { bucket: query.get('bucket') ?? '', key: query.get('key') ?? '' };
  if (request.method === 'GET') {
    const bytes = await admin.readObject({ ...address, ...optional(query, 'versionId') });
    const body = (async function* () {
      yield bytes;
    })();
    return { status: 200, headers: { 'content-length': String(bytes.length) }, body };
  }
  const lastModified = query.get('lastModified');
  const written = await admin.putObject({
    ...address,
    body: request.body,
    ...optional(query, 'storageClass'),
    ...optional(query, 'kmsKeyId'),
    ...(lastModified === null ? {} : { lastModified: new Date(lastModified) }),
  });
  return json(200, written);
}

function optional<Name extends string>(query: URLSearchParams, name: Name): { readonly [key in Name]?: string } {
  const value = query.get(name);
  return value === null ? {} : ({ [name]: value } as { readonly [key in Name]: string });
}

async function readJson(request: AwsRequest): Promise<unknown> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of request.body) {
    sizeBytes += piece.length;
    if (sizeBytes > maxXmlBodyBytes) throw new AppError('BAD_INPUT', 'the admin request is too large');
    pieces.push(piece);
  }
  const source = Buffer.concat(pieces).toString('utf8');
  try {
    return source === '' ? {} : JSON.parse(source);
  } catch (error) {
    throw new AppError('BAD_INPUT', 'the admin request is not JSON', { cause: error });
  }
}

function json(status: number, value: unknown): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value ?? null) };
}
