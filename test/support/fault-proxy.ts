import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';

/**
 * What the proxy does to a matching request instead of passing it on, or to its answer on the way back. `afterBytes`
 * counts bytes of the answer's body.
 */
export type FaultAction =
  /** The connection is reset. */
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** The answer ends cleanly but early: its Content-Length is made to fit. */
  | { readonly kind: 'truncate'; readonly afterBytes: number }
  /** More bytes than the object has; the Content-Length is made to fit. */
  | { readonly kind: 'lengthen'; readonly extraBytes: number }
  /** The connection stays open and nothing more comes. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** No answer at all. */
  | { readonly kind: 'hang' }
  /** The server does what it was asked, and its answer is lost: the connection is reset. */
  | { readonly kind: 'lose-answer' }
  /** One bit of the request's body arrives otherwise than it was sent. */
  | { readonly kind: 'corrupt'; readonly atByte: number }
  /** The answer lacks the headers whose names begin so, in lower case: a server that does less than it was asked to. */
  | { readonly kind: 'omit-headers'; readonly prefix: string }
  /** An error in S3's XML, such as 503 SlowDown or 500 InternalError. */
  | { readonly kind: 'status'; readonly status: number; readonly code: string }
  /** Something happens elsewhere in the middle of the body, such as the object being replaced; then it goes on. */
  | { readonly kind: 'pause'; readonly afterBytes: number; readonly run: () => Promise<void> };

export interface Fault {
  readonly action: FaultAction;
  /** Which requests it hits; all, by default. */
  readonly matches?: (request: ProxiedRequest) => boolean;
  /** How many matching requests it hits; one, by default. */
  readonly times?: number;
}

export interface ProxiedRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly range: string | undefined;
  readonly ifMatch: string | undefined;
}

export interface FaultProxy {
  readonly endpoint: string;
  /** Every request that came, in order, whatever was done to it. */
  readonly requests: readonly ProxiedRequest[];
  /** Faults are tried in the order in which they were injected; a request meets one at most. */
  inject(fault: Fault): void;
  /** Takes back what was injected and has not hit yet. */
  heal(): void;
  /** Connections open at the moment. */
  openConnections(): Promise<number>;
  close(): Promise<void>;
}

interface ArmedFault extends Fault {
  left: number;
}

/** An HTTP proxy that passes requests on byte for byte (Host included, for it is signed) and breaks what it is told to. */
export async function startFaultProxy(targetEndpoint: string): Promise<FaultProxy> {
  const target = new URL(targetEndpoint);
  const requests: ProxiedRequest[] = [];
  let faults: ArmedFault[] = [];

  function strike(request: ProxiedRequest): FaultAction | undefined {
    const fault = faults.find((armed) => armed.left > 0 && (armed.matches?.(request) ?? true));
    if (fault) fault.left--;
    return fault?.action;
  }

  const server = createServer((incoming, outgoing) => {
    const request = proxied(incoming);
    requests.push(request);
    const action = strike(request);
    if (action?.kind === 'hang') return;
    if (action?.kind === 'status') {
      incoming.resume();
      answerError(outgoing, action.status, action.code, request.method);
      return;
    }
    forward(target, incoming, outgoing, action);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    inject: (fault) => void faults.push({ ...fault, left: fault.times ?? 1 }),
    heal: () => {
      faults = [];
    },
    openConnections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function proxied(incoming: IncomingMessage): ProxiedRequest {
  return {
    method: incoming.method ?? '',
    url: incoming.url ?? '',
    range: incoming.headers.range,
    ifMatch: incoming.headers['if-match'],
  };
}

function forward(
  target: URL,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  action: FaultAction | undefined,
): void {
  const upstream = httpRequest(
    {
      host: target.hostname,
      port: target.port,
      method: incoming.method,
      path: incoming.url,
      headers: incoming.rawHeaders,
      setHost: false,
      agent: false,
    },
    (answer) => {
      if (action?.kind === 'lose-answer') {
        answer.resume();
        outgoing.socket?.resetAndDestroy();
        return;
      }
      passBody(answer, outgoing, action).catch(() => outgoing.destroy());
    },
  );
  upstream.on('error', () => outgoing.destroy());
  outgoing.on('close', () => upstream.destroy());
  if (action?.kind === 'corrupt') incoming.pipe(flipBit(action.atByte)).pipe(upstream);
  else incoming.pipe(upstream);
}

function flipBit(atByte: number): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const at = atByte - passed;
      passed += chunk.length;
      if (at >= 0 && at < chunk.length) chunk[at] = (chunk[at] ?? 0) ^ 1;
      done(null, chunk);
    },
  });
}

async function passBody(
  answer: IncomingMessage,
  outgoing: ServerResponse,
  action: FaultAction | undefined,
): Promise<void> {
  outgoing.writeHead(answer.statusCode ?? 502, headersUnder(answer, action));
  outgoing.flushHeaders();
  const stopAt = action && 'afterBytes' in action ? action.afterBytes : Number.POSITIVE_INFINITY;
  let passed = 0;
  let isStruck = false;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    const before = isStruck ? chunk : chunk.subarray(0, Math.max(0, stopAt - passed));
    await write(outgoing, before);
    passed += before.length;
    if (isStruck || passed < stopAt) continue;
    isStruck = true;
    if (action?.kind === 'reset') return void outgoing.socket?.resetAndDestroy();
    if (action?.kind === 'stall') return;
    if (action?.kind === 'truncate') break;
    if (action?.kind === 'pause') await action.run();
    await write(outgoing, chunk.subarray(before.length));
    passed += chunk.length - before.length;
  }
  if (action?.kind === 'lengthen') await write(outgoing, Buffer.alloc(action.extraBytes));
  outgoing.end();
}

/** Length as the fault will make it; everything else as the server said. */
function headersUnder(answer: IncomingMessage, action: FaultAction | undefined): string[] {
  const promised = Number(answer.headers['content-length']);
  let length = promised;
  if (action?.kind === 'truncate') length = Math.min(promised, action.afterBytes);
  if (action?.kind === 'lengthen') length = promised + action.extraBytes;
  const pairs = answer.rawHeaders.flatMap((name, i, all) => (i % 2 === 0 ? [[name, all[i + 1] ?? ''] as const] : []));
  const omitted = action?.kind === 'omit-headers' ? action.prefix : undefined;
  const kept = pairs.filter(([name]) => omitted === undefined || !name.toLowerCase().startsWith(omitted));
  return kept.flatMap(([name, value]) => [name, name.toLowerCase() === 'content-length' ? String(length) : value]);
}

function answerError(outgoing: ServerResponse, status: number, code: string, method: string): void {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code}</Message><RequestId>fault</RequestId></Error>`;
  outgoing.writeHead(status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) });
  outgoing.end(method === 'HEAD' ? undefined : body);
}

async function write(outgoing: ServerResponse, chunk: Buffer): Promise<void> {
  if (chunk.length === 0 || outgoing.write(chunk)) return;
  await new Promise<void>((resolve, reject) => {
    const onDrain = () => {
      outgoing.off('close', onClose);
      resolve();
    };
    const onClose = () => {
      outgoing.off('drain', onDrain);
      reject(new Error('the client went away'));
    };
    outgoing.once('drain', onDrain);
    outgoing.once('close', onClose);
  });
}
