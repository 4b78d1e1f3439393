import { join } from 'node:path';
import { createAwsAccess } from './aws/access.ts';
import type { Config } from './config.ts';
import type { IngestContext } from './ingest/context.ts';
import { createLogger, type Logger } from './log.ts';
import { openRawDatabase } from './raw/raw.ts';
import { openRegistry } from './registry/registry.ts';
import { openEmbeddedPostgres } from './sandbox/postgres/cluster.ts';

/** What the service, a worker and every command stand on; the only place that opens things. */
export interface Resources {
  readonly config: Config;
  readonly log: Logger;
  readonly ingest: IngestContext;
  /** Connection string of the raw billing database, for people who want to look; holds its password. */
  readonly rawUrl: string;
  close(): Promise<void>;
}

const databaseName = 'billvault';

/**
 * Opens the databases (the embedded PostgreSQL where none is configured), brings their schemas up to date, and makes the
 * access to AWS.
 * @throws AppError BAD_CONFIG, DATABASE_UNAVAILABLE, CONFLICT
 */
export async function openResources(config: Config, log: Logger = createLogger(config.log.level)): Promise<Resources> {
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closeOne of closing.splice(0).reverse()) await closeOne();
  };
  try {
    const { registryUrl, rawUrl, stop } = await findDatabases(config);
    closing.push(stop);
    const { registry, close: closeRegistry } = await openRegistry({
      url: registryUrl,
      max: config.database.connections,
    });
    closing.push(closeRegistry);
    // Every worker holds one connection for its load and needs a second one for a moment.
    const raw = await openRawDatabase({
      url: rawUrl,
      max: Math.max(config.database.connections, 2 * config.service.workers + 2),
    });
    closing.push(raw.close);
    const { stsEndpoint, s3Endpoint, sessionSeconds } = config.aws;
    const aws = createAwsAccess({ stsEndpoint, s3Endpoint, sessionSeconds });
    closing.push(async () => aws.close());
    const settings = {
      ...config.ingest,
      leaseSeconds: config.service.leaseSeconds,
      pollSeconds: config.service.pollSeconds,
    };
    const ingest: IngestContext = { registry, raw, aws, settings, log, now: () => new Date() };
    return { config, log, ingest, rawUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function findDatabases(config: Config) {
  const { url, rawUrl } = config.database;
  if (url !== undefined) return { registryUrl: url, rawUrl: rawUrl ?? url, stop: async () => undefined };
  const cluster = await openEmbeddedPostgres({ folder: join(config.dataFolder, 'postgres') });
  const embedded = await cluster.database(databaseName);
  return { registryUrl: embedded, rawUrl: embedded, stop: () => cluster.stop() };
}
