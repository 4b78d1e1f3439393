import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { IngestContext } from '../ingest/context.ts';
import { createApp } from './app.ts';
import { BackgroundWork } from './background-work.ts';
import type { ArchiveApi, ArchiveOptions } from './context.ts';

/** A request's head and body come within seconds; one that drips holds a socket for no good. */
const serverOptions = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 10_000 };
/** Requests still running at shutdown get this long to end. */
const closeMillis = 5_000;
/** Each holds a listing in memory. */
const maxDiscoveries = 16;
/** Each works on some tables of a source at once, and holds a part of each of them in memory. */
const maxArchiveRuns = 4;
/** Each reads the bucket as fast as it can. */
const maxValidations = 2;
/** Each fills tables as fast as their database takes it; what waits for cold objects is not among them. */
const maxRestores = 2;
/** Each reads every part of a unit, and perhaps a table. */
const maxRepairs = 2;

export interface RunningApi {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Lets running requests end, for some seconds. */
  close(): Promise<void>;
}

export interface ApiOptions {
  readonly ingest: IngestContext;
  /** Absent where billvault.yaml has no section `archive`. */
  readonly archive?: ArchiveOptions | undefined;
  readonly settings: Config['api'];
  /** Ends what goes on after its request was answered. */
  readonly signal: AbortSignal;
}

/** @throws AppError BAD_CONFIG when host or port can't be had */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const { ingest, settings, signal } = options;
  const { host, port, token } = settings;
  const discoveries = new BackgroundWork({ what: 'discoveries', max: maxDiscoveries, log: ingest.log });
  const archive = archiveApi(options);
  const app = createApp({ ingest, archive, token, discoveries, signal });
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions }) as Server;
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    async close() {
      const works = [discoveries, archive?.runs, archive?.validations, archive?.restores, archive?.repairs];
      await Promise.all([closeServer(server), ...works.map((work) => work?.settled())]);
    },
  };
}

function archiveApi({ archive, signal }: ApiOptions): ArchiveApi | undefined {
  if (archive === undefined) return undefined;
  const { log } = archive.context;
  return {
    ...archive,
    runs: new BackgroundWork({ what: 'archive runs', max: maxArchiveRuns, log }),
    validations: new BackgroundWork({ what: 'validations', max: maxValidations, log }),
    restores: new BackgroundWork({ what: 'restores', max: maxRestores, log }),
    repairs: new BackgroundWork({ what: 'repairs', max: maxRepairs, log }),
    signal,
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
