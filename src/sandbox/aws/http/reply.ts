import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

export type HeaderFields = Readonly<Record<string, string | undefined>>;

/** What an operation answers. A streamed body must state its length in `content-length`. */
export interface Reply {
  readonly status: number;
  readonly headers?: HeaderFields;
  readonly body?: string | AsyncIterable<Uint8Array>;
  /** Called when the body has been sent, or never will be. */
  readonly release?: () => void;
}

/** Sends a reply whole. A body that breaks in the middle breaks the connection, as a client must be able to notice. */
export async function send(response: ServerResponse, reply: Reply): Promise<void> {
  response.statusCode = reply.status;
  for (const [name, value] of Object.entries(reply.headers ?? {})) {
    if (value !== undefined) response.setHeader(name, Buffer.from(value, 'utf8').toString('latin1'));
  }
  if (typeof reply.body === 'object') {
    await pipeline(reply.body, response);
    return;
  }
  if (typeof reply.body === 'string') response.setHeader('content-length', Buffer.byteLength(reply.body));
  response.end(reply.body);
}

export function xmlReply(body: string, headers: HeaderFields = {}, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body };
}
