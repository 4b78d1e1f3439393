import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { IngestContext } from '../ingest/context.ts';
import { createApp } from './app.ts';
import { BackgroundRuns } from './background-runs.ts';

/** A request's head and body come within seconds; one that drips holds a socket for no good. */
const serverOptions = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 10_000 };
/** Requests still running at shutdown get this long to end. */
const closeMillis = 5_000;

export interface RunningApi {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Lets running requests end, for some seconds. */
  close(): Promise<void>;
}

export interface ApiOptions {
  readonly ingest: IngestContext;
  readonly settings: Config['api'];
  /** Ends what goes on after its request was answered. */
  readonly signal: AbortSignal;
}

/** @throws AppError BAD_CONFIG when host or port can't be had */
export async function startApi({ ingest, settings, signal }: ApiOptions): Promise<RunningApi> {
  const { host, port, token } = settings;
  const runs = new BackgroundRuns(ingest, signal);
  const app = createApp({ ingest, token, runs, signal });
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions }) as Server;
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    async close() {
      await Promise.all([closeServer(server), runs.settled()]);
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError(
      'BAD_CONFIG',
      `the API cannot listen on ${host}:${port} (${why}): is another service running? Set api.port (BILLVAULT_API_PORT)`,
      { cause },
    );
  }
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), closeMillis);
  await closed;
  clearTimeout(timer);
}
