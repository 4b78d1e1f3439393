import type { IncomingMessage } from 'node:http';
import { AwsError } from '../aws-error.ts';

/** Lower-case header names; repeated ones joined by a comma, as SigV4 wants them. */
export type RequestHeaders = ReadonlyMap<string, string>;

/** One HTTP request, taken apart but not judged. */
export interface AwsRequest {
  readonly method: string;
  /** Percent-decoded, with its leading slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: RequestHeaders;
  readonly body: AsyncIterable<Buffer>;
}

/** @throws AwsError InvalidURI when the path is not percent-encoded UTF-8 */
export function toAwsRequest(incoming: IncomingMessage): AwsRequest {
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  const rawPath = mark === -1 ? url : url.slice(0, mark);
  return {
    method: incoming.method ?? 'GET',
    path: decodePath(rawPath),
    query: new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1)),
    headers: collectHeaders(incoming.rawHeaders),
    body: incoming,
  };
}

function decodePath(rawPath: string): string {
  try {
    return decodeURIComponent(rawPath);
  } catch {
    throw new AwsError('InvalidURI', "Couldn't parse the specified URI.", { fields: { URI: rawPath } });
  }
}

function collectHeaders(rawHeaders: readonly string[]): RequestHeaders {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    // Node hands header bytes over as latin1; clients sign them as UTF-8.
    const value = Buffer.from(rawHeaders[index + 1] ?? '', 'latin1').toString('utf8');
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}
