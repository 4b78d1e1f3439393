import { join } from 'node:path';
import type { ArchiveContext } from './archive/context.ts';
import { createAwsAccess } from './aws/access.ts';
import type { Config } from './config.ts';
import { isTlsFailure, sqlErrorOf } from './db/database-error.ts';
import { AppError, isAppError } from './errors.ts';
import type { IngestContext } from './ingest/context.ts';
import { createLogger, type Logger } from './log.ts';
import { openArchive } from './open-archive.ts';
import { openRawDatabase } from './raw/raw.ts';
import { openRegistry } from './registry/registry.ts';
import { openEmbeddedPostgres } from './sandbox/postgres/cluster.ts';

/** What the service, a worker and every command stand on; the only place that opens things. */
export interface Resources {
  readonly config: Config;
  readonly log: Logger;
  readonly ingest: IngestContext;
  /** Absent where billvault.yaml has no section `archive`. */
  readonly archive: ArchiveContext | undefined;
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
    const { registry, close: closeRegistry } = await named('database.url (BILLVAULT_DATABASE_URL)', registryUrl, () =>
      openRegistry({ url: registryUrl, max: config.database.connections }),
    );
    closing.push(closeRegistry);
    // Every worker holds one connection for its load and needs a second one for a moment.
    const max = Math.max(config.database.connections, 2 * config.service.workers + 2);
    const raw = await named('database.rawUrl (BILLVAULT_RAW_DATABASE_URL)', rawUrl, () =>
      openRawDatabase({ url: rawUrl, max }),
    );
    closing.push(raw.close);
    const { stsEndpoint, s3Endpoint, sessionSeconds } = config.aws;
    const aws = createAwsAccess({ stsEndpoint, s3Endpoint, sessionSeconds });
    closing.push(async () => aws.close());
    const settings = {
      ...config.ingest,
      leaseSeconds: config.service.leaseSeconds,
      pollSeconds: config.service.pollSeconds,
    };
    const now = () => new Date();
    const ingest: IngestContext = { registry, raw, aws, settings, log, now };
    const archive = await openArchive({ config, registry, registryUrl, log, now });
    if (archive !== undefined) closing.push(archive.close);
    return { config, log, ingest, archive: archive?.archive, rawUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What a database says of itself, with the setting that led there, its place without its password, and what to do. */
async function named<T>(setting: string, url: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!isAppError(error, 'DATABASE', 'DATABASE_UNAVAILABLE', 'BAD_CONFIG')) throw error;
    const { hostname, port, pathname, username } = new URL(url);
    const place = `${username}@${hostname}:${port || '5432'}${pathname}`;
    const code = isTlsFailure(error) ? 'BAD_CONFIG' : error.code;
    throw new AppError(code, `${setting}, ${place}: ${error.message}${adviceFor(error)}`, { cause: error });
  }
}

function adviceFor(error: AppError): string {
  switch (sqlErrorOf(error)?.code) {
    case '42501': // insufficient_privilege
      return ': the user needs the right to create schemas (grant create on database … to …)';
    case '28P01': // invalid_password
    case '28000': // invalid_authorization_specification
      return ': look at user and password in the URL';
    case '3D000': // invalid_catalog_name
      return ': create the database first';
    case '08P01': // protocol_violation: what a connection pooler says to the settings that a session begins with
      return ": behind a connection pooler? Give the server's own address";
    default:
      return '';
  }
}

async function findDatabases(config: Config) {
  const { url, rawUrl } = config.database;
  if (url !== undefined) return { registryUrl: url, rawUrl: rawUrl ?? url, stop: async () => undefined };
  const cluster = await openEmbeddedPostgres({ folder: join(config.dataFolder, 'postgres') });
  const embedded = await cluster.database(databaseName);
  return { registryUrl: embedded, rawUrl: embedded, stop: () => cluster.stop() };
}
