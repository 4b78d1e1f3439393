import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArchiveConfiguration } from './archive/configuration.ts';
import type { ArchiveContext } from './archive/context.ts';
import { generateSigningKey, openKeySigner } from './archive/manifest/key-signer.ts';
import { type Signer, signerOf } from './archive/manifest/signer.ts';
import { registrySource } from './archive/policy/registry-source.ts';
import { connectionsPerTable, spareConnections } from './archive/source/open-source.ts';
import { sourceDatabases } from './archive/source/source-databases.ts';
import { openSpool } from './archive/upload/spool.ts';
import { createAwsAccess } from './aws/access.ts';
import { openKmsKey } from './aws/kms-signer.ts';
import { type Config, sourceUrl } from './config.ts';
import { AppError } from './errors.ts';
import type { Logger } from './log.ts';
import type { PrismaClient } from './registry/generated/client.ts';

export interface OpenArchiveOptions {
  readonly config: Config;
  readonly registry: PrismaClient;
  /** The registry's own database: its audit trail can be archived too. */
  readonly registryUrl: string;
  readonly log: Logger;
  readonly now: () => Date;
}

export interface OpenArchive {
  readonly archive: ArchiveContext;
  close(): Promise<void>;
}

const signingKeyFile = 'archive-signing-key.pem';
/** Text of a range that is held and compared at once. */
const rangeBytes = 16 * 1024 * 1024;

/** @throws AppError BAD_CONFIG; undefined where billvault.yaml has no section `archive` */
export async function openArchive(options: OpenArchiveOptions): Promise<OpenArchive | undefined> {
  const { config, registry, registryUrl, log, now } = options;
  const { archive: settings } = config;
  if (settings === undefined) return undefined;
  const { bucket, region, prefix, formerPrefixes, endpoint, writerRole, verifierRole } = settings.destination;
  const { required: encryptionRequired, ...encryption } = settings.destination.encryption;
  const roles = { writer: writerRole, verifier: verifierRole ?? writerRole, own: undefined };
  const signer = await openSigner(config);
  const { stsEndpoint, sessionSeconds } = config.aws;
  const aws = createAwsAccess({ stsEndpoint, s3Endpoint: endpoint, sessionSeconds });
  const names = [...Object.keys(settings.sources), registrySource];
  const sources = sourceDatabases({
    names,
    urlOf: (name) => (name === registrySource ? registryUrl : sourceUrl(config, name)),
    max: (name) => maxConnections(name, settings),
    maxLarge: settings.parallelLarge,
  });
  const archive: ArchiveContext = {
    registry,
    destination: {
      bucket,
      region,
      prefix,
      formerPrefixes,
      encryption,
      encryptionRequired,
      replicaBucket: settings.destination.replication?.bucket,
    },
    openStore: (rights) => {
      const role = roles[rights];
      return aws.openArchiveStore({
        bucket,
        region,
        name: rights,
        ...(role === undefined ? {} : { role: { ...role, region } }),
      });
    },
    sources,
    signer,
    publicKeys: [signer.publicKeyPem, ...settings.signing.publicKeys],
    spool:
      settings.spoolFolder === undefined
        ? undefined
        : await openSpool({ folder: settings.spoolFolder, maxBytes: settings.spoolMaxBytes }),
    settings: { deny: settings.deny, rangeRows: settings.rangeRows, rangeBytes },
    log,
    now,
  };
  const close = async () => {
    await sources[Symbol.asyncDispose]();
    aws.close();
  };
  return { archive, close };
}

/** The registry keeps the locks of all tables that are read from replicas. */
function maxConnections(name: string, { parallel, sources }: ArchiveConfiguration): number {
  const own = connectionsPerTable * parallel + spareConnections;
  return name === registrySource ? own + parallel * Object.keys(sources).length : own;
}

/**
 * The configured key. On the embedded database, whose data folder is there to stay, one is made in that folder; elsewhere a
 * key that a machine makes for itself would be lost with it, and with it the proof of who wrote the manifests.
 */
async function openSigner({ archive, database, dataFolder }: Config): Promise<Signer> {
  const { key, kmsKeyId } = archive?.signing ?? {};
  if (key !== undefined) return openKeySigner(key);
  if (kmsKeyId !== undefined) {
    const region = archive?.destination.region ?? '';
    return signerOf(await openKmsKey({ keyId: kmsKeyId, region, endpoint: archive?.signing.kmsEndpoint }));
  }
  if (database.url !== undefined) {
    throw new AppError(
      'BAD_CONFIG',
      'archive.signing.key (BILLVAULT_ARCHIVE_SIGNING_KEY) is not set: manifests are signed; make a key by "billvault archive key new --out FILE" (or "openssl genpkey -algorithm ed25519") and keep it, or set archive.signing.kmsKeyId',
    );
  }
  const path = join(dataFolder, signingKeyFile);
  if (!existsSync(path)) {
    mkdirSync(dataFolder, { recursive: true });
    writeFileSync(path, generateSigningKey().privateKeyPem, { mode: 0o600, flag: 'wx' });
    chmodSync(path, 0o600);
  }
  return openKeySigner(readFileSync(path, 'utf8'));
}
