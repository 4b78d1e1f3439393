import { Readable } from 'node:stream';
import { AppError, type ErrorCode, errorCodes } from '../../../errors.ts';
import type {
  NewSandboxBucket,
  NewSandboxObject,
  ObjectAddress,
  ObjectDamage,
  SandboxAdmin,
  SandboxUser,
  WrittenObject,
} from '../admin.ts';
import type { NewRole, NewUser } from '../iam/directory.ts';
import type { RequestLogView } from '../request-log.ts';

/** Long enough to take an object of some gigabytes on a slow machine. */
const timeoutMs = 10 * 60 * 1000;

/** The owner's hand on a stand-in in another process; `token` is what its start line gave. */
export function connectSandboxAdmin(endpoint: string, token: string): SandboxAdmin {
  return new RemoteAdmin(endpoint, token);
}

class RemoteAdmin implements SandboxAdmin {
  readonly #endpoint: string;
  readonly #token: string;

  constructor(endpoint: string, token: string) {
    this.#endpoint = endpoint;
    this.#token = token;
  }

  async createUser(user: NewUser): Promise<SandboxUser> {
    return (await this.#call('createUser', user)) as SandboxUser;
  }

  async putRole(role: NewRole): Promise<{ readonly arn: string }> {
    return (await this.#call('putRole', role)) as { readonly arn: string };
  }

  async deleteRole(arn: string): Promise<void> {
    await this.#call('deleteRole', { arn });
  }

  async createBucket(bucket: NewSandboxBucket): Promise<void> {
    await this.#call('createBucket', bucket);
  }

  async putObject(object: NewSandboxObject): Promise<WrittenObject> {
    const query = new URLSearchParams({ bucket: object.bucket, key: object.key });
    if (object.storageClass !== undefined) query.set('storageClass', object.storageClass);
    if (object.kmsKeyId !== undefined) query.set('kmsKeyId', object.kmsKeyId);
    if (object.lastModified !== undefined) query.set('lastModified', object.lastModified.toISOString());
    const pieces = object.body instanceof Uint8Array ? [object.body] : object.body;
    const response = await this.#send(`object?${query}`, {
      method: 'PUT',
      body: Readable.toWeb(Readable.from(pieces)) as ReadableStream<Uint8Array>,
      duplex: 'half',
    });
    return (await response.json()) as WrittenObject;
  }

  async deleteObject(address: ObjectAddress): Promise<void> {
    await this.#call('deleteObject', address);
  }

  async readObject(address: ObjectAddress): Promise<Uint8Array> {
    const query = new URLSearchParams({ ...address });
    const response = await this.#send(`object?${query}`, { method: 'GET' });
    return new Uint8Array(await response.arrayBuffer());
  }

  async damageObject({ body, ...damage }: ObjectDamage): Promise<void> {
    const base64 = body === undefined ? {} : { base64: Buffer.from(body).toString('base64') };
    await this.#call('damageObject', { ...damage, ...base64 });
  }

  async advanceClock(seconds: number): Promise<void> {
    await this.#call('advanceClock', { seconds });
  }

  async runLifecycle(): Promise<number> {
    return (await this.#call('runLifecycle', {})) as number;
  }

  async requestLog(): Promise<RequestLogView> {
    return (await this.#call('requestLog', {})) as RequestLogView;
  }

  async resetLog(): Promise<void> {
    await this.#call('resetLog', {});
  }

  async #call(method: string, input: unknown): Promise<unknown> {
    const response = await this.#send(method, { method: 'POST', body: JSON.stringify(input) });
    return response.json();
  }

  async #send(path: string, init: RequestInit & { readonly duplex?: 'half' }): Promise<Response> {
    const response = await fetch(`${this.#endpoint}/_sandbox/${path}`, {
      ...init,
      headers: { authorization: `Bearer ${this.#token}` },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.ok) return response;
    const failure = (await response.json()) as { readonly code?: string; readonly message?: string };
    const code: ErrorCode = errorCodes.find((known) => known === failure.code) ?? 'INTERNAL';
    throw new AppError(code, failure.message ?? `the sandbox answered ${response.status}`);
  }
}
