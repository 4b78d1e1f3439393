import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { adminPath, handleAdmin } from './admin/admin-routes.ts';
import { LocalAdmin } from './admin/local-admin.ts';
import type { SandboxAdmin } from './admin.ts';
import { AwsError } from './aws-error.ts';
import { type Reply, send } from './http/reply.ts';
import { type AwsRequest, toAwsRequest } from './http/request.ts';
import { handleKms, isKms, renderKmsError } from './kms/handle.ts';
import { maxDiscardedBytes, maxHeaderBytes } from './limits.ts';
import { openWorld } from './open-world.ts';
import { handleS3 } from './s3/handle.ts';
import { newSighting, type Sighting } from './sighting.ts';
import { handleSts, isSts, renderStsError } from './sts/handle.ts';
import type { World } from './world.ts';
import { element, text, xmlDocument } from './xml.ts';

export interface SandboxAwsOptions {
  /** Default 0: any free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Keeps everything but sessions in this folder, across restarts; in memory without it. */
  readonly folder?: string;
  /** Of buckets that name none. Default us-east-1. */
  readonly defaultRegion?: string;
}

/** A running S3 + STS stand-in. */
export interface SandboxAws {
  /** Of both services, such as `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  readonly admin: SandboxAdmin;
  /** For `connectSandboxAdmin` from another process. */
  readonly adminToken: string;
  /** Ends every connection, also busy ones. */
  close(): Promise<void>;
}

/** Clients keep connections for reuse; closing them under a client gives it a reset now and then. */
const keepAliveMs = 75_000;
/** A PUT of some gigabytes over a throttled connection must not be cut off. */
const requestTimeoutMs = 60 * 60 * 1000;

export async function startSandboxAws(options: SandboxAwsOptions = {}): Promise<SandboxAws> {
  const { world, close } = await openWorld(options.defaultRegion ?? 'us-east-1', options.folder);
  const admin = new LocalAdmin(world);
  const adminToken = randomBytes(24).toString('base64url');
  const limits = {
    maxHeaderSize: maxHeaderBytes,
    keepAliveTimeout: keepAliveMs,
    requestTimeout: requestTimeoutMs,
    noDelay: true,
  };
  const server = createServer(limits, (incoming, response) => {
    void answer({ world, admin, adminToken }, incoming, response);
  });
  await listen(server, options.port ?? 0, options.host ?? '127.0.0.1');
  const { port, address } = server.address() as AddressInfo;
  return {
    endpoint: `http://${address}:${port}`,
    admin,
    adminToken,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      close();
    },
  };
}

interface Services {
  readonly world: World;
  readonly admin: SandboxAdmin;
  readonly adminToken: string;
}

async function answer(services: Services, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase();
  response.setHeader('x-amz-request-id', requestId);
  response.setHeader('x-amz-id-2', randomBytes(24).toString('base64'));
  response.setHeader('server', 'AmazonS3');
  const sighting = newSighting();
  const reply = await replyTo(services, incoming, { sighting, requestId });
  services.world.log.add({ ...sighting, status: reply.status });
  try {
    // A HEAD is answered with the headers of an error, but without its document.
    await send(response, incoming.method === 'HEAD' ? { status: reply.status, headers: reply.headers ?? {} } : reply);
  } catch {
    // The client left, or the bytes could not be read to their end: either way only breaking the connection tells.
    response.destroy();
  } finally {
    reply.release?.();
  }
  discardRest(incoming);
}

async function replyTo(
  services: Services,
  incoming: IncomingMessage,
  tracking: { readonly sighting: Sighting; readonly requestId: string },
): Promise<Reply> {
  let request: AwsRequest | undefined;
  try {
    request = toAwsRequest(incoming);
    if (request.path.startsWith(adminPath)) {
      tracking.sighting.operation = 'Admin';
      return await handleAdmin(services.admin, services.adminToken, request);
    }
    if (isKms(request)) return await handleKms(services.world, request, tracking.sighting);
    if (isSts(request)) return await handleSts(services.world, request, tracking.sighting);
    return await handleS3(services.world, request, tracking.sighting);
  } catch (error) {
    const failure = toAwsError(error);
    if (request !== undefined && isKms(request)) return renderKmsError(failure, tracking.requestId);
    const isForSts = request !== undefined && isSts(request);
    const body = isForSts ? renderStsError(failure, tracking.requestId) : renderS3Error(failure, tracking);
    const contentType = isForSts ? 'text/xml' : 'application/xml';
    if (failure.status === 304) return { status: 304, headers: failure.headers };
    return { status: failure.status, headers: { 'content-type': contentType, ...failure.headers }, body };
  }
}

function toAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  if (isAborted(error)) return new AwsError('IncompleteBody', 'the body ended before its announced length');
  const why = error instanceof Error ? error.message : String(error);
  return new AwsError('InternalError', `the stand-in failed: ${why}`);
}

function isAborted(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}

function renderS3Error(error: AwsError, tracking: { readonly sighting: Sighting; readonly requestId: string }): string {
  const { sighting, requestId } = tracking;
  const fields = Object.entries(error.fields).map(([name, value]) => text(name, value));
  const resource = `/${sighting.bucket}${sighting.key === '' ? '' : `/${sighting.key}`}`;
  return xmlDocument(
    'Error',
    undefined,
    text('Code', error.code),
    text('Message', error.message),
    ...fields,
    text('Resource', resource),
    text('RequestId', requestId),
    element('HostId', 'sandbox'),
  );
}

/** Reads on after an early answer, so that the client gets it instead of a broken pipe; but not for ever. */
function discardRest(incoming: IncomingMessage): void {
  if (incoming.complete || incoming.destroyed) return;
  let discardedBytes = 0;
  incoming.on('data', (piece: Buffer) => {
    discardedBytes += piece.length;
    if (discardedBytes > maxDiscardedBytes) incoming.destroy();
  });
  incoming.on('error', () => undefined);
  incoming.resume();
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
