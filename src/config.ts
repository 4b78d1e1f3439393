import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import {
  type ArchiveConfiguration,
  archiveShape,
  leastSection,
  readArchiveConfiguration,
} from './archive/configuration.ts';
import { AppError } from './errors.ts';

/** The prefix of our environment variables; one that starts so and is not in this file is refused. */
const environmentPrefix = 'BILLVAULT_';
/** What the tests and benchmarks read; no setting of the service. */
const testPrefix = 'BILLVAULT_TEST_';
const configFileVariable = 'BILLVAULT_CONFIG';
const defaultConfigFile = 'billvault.yaml';

const postgresUrl = z.string().regex(/^postgres(ql)?:\/\//, 'a postgresql:// URL');
const httpUrl = z.string().regex(/^https?:\/\//, 'an http(s):// URL');
const whole = (minimum: number, maximum: number) => z.coerce.number().int().min(minimum).max(maximum);

const schema = z.strictObject({
  /** The registry's database; absent: the embedded PostgreSQL in the data folder. */
  database: z
    .strictObject({
      url: postgresUrl.optional(),
      rawUrl: postgresUrl.optional(),
      connections: whole(2, 500).default(10),
    })
    .prefault({}),
  dataFolder: z.string().min(1).default('.billvault'),
  api: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: whole(0, 65_535).default(8080),
      token: z.string().min(16, 'at least 16 characters').optional(),
    })
    .prefault({}),
  service: z
    .strictObject({
      workers: whole(0, 256).default(availableParallelism()),
      leaseSeconds: whole(5, 3_600).default(60),
      pollSeconds: z.coerce.number().min(0.05).max(300).default(2),
    })
    .prefault({}),
  ingest: z
    .strictObject({
      schedule: z.string().min(1).default('17 */4 * * *'),
      scheduleJitterSeconds: whole(0, 3_600).default(120),
      settleDays: whole(0, 365).default(21),
      keepSupersededDays: whole(0, 3_650).default(7),
      maxAttempts: whole(1, 100).default(8),
      retryBaseSeconds: z.coerce.number().min(0).max(3_600).default(10),
      retryCapSeconds: z.coerce.number().min(0).max(86_400).default(900),
      maxExpandedBytes: whole(1_048_576, Number.MAX_SAFE_INTEGER).default(1_099_511_627_776),
      maxExpansionRatio: whole(2, 100_000).default(250),
    })
    .prefault({}),
  aws: z
    .strictObject({
      stsEndpoint: httpUrl.optional(),
      s3Endpoint: httpUrl.optional(),
      principalArn: z.string().startsWith('arn:').optional(),
      sessionSeconds: whole(900, 43_200).default(3_600),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info') })
    .prefault({}),
  /** Absent: there is no archive. */
  archive: archiveShape.optional(),
});

export type Config = Omit<z.output<typeof schema>, 'archive'> & {
  readonly archive?: ArchiveConfiguration;
  /** Of the archive's sources whose variable is set; see sourceUrl(). */
  readonly sourceUrls: ReadonlyMap<string, string>;
};

/** Environment variable → setting. A secret is best given here; everything may also stand in billvault.yaml. */
const variables: Readonly<Record<string, string>> = {
  BILLVAULT_DATABASE_URL: 'database.url',
  BILLVAULT_RAW_DATABASE_URL: 'database.rawUrl',
  BILLVAULT_DATABASE_CONNECTIONS: 'database.connections',
  BILLVAULT_DATA_FOLDER: 'dataFolder',
  BILLVAULT_API_HOST: 'api.host',
  BILLVAULT_API_PORT: 'api.port',
  BILLVAULT_API_TOKEN: 'api.token',
  BILLVAULT_WORKERS: 'service.workers',
  BILLVAULT_LEASE_SECONDS: 'service.leaseSeconds',
  BILLVAULT_POLL_SECONDS: 'service.pollSeconds',
  BILLVAULT_INGEST_SCHEDULE: 'ingest.schedule',
  BILLVAULT_INGEST_SCHEDULE_JITTER_SECONDS: 'ingest.scheduleJitterSeconds',
  BILLVAULT_INGEST_SETTLE_DAYS: 'ingest.settleDays',
  BILLVAULT_INGEST_KEEP_SUPERSEDED_DAYS: 'ingest.keepSupersededDays',
  BILLVAULT_INGEST_MAX_ATTEMPTS: 'ingest.maxAttempts',
  BILLVAULT_INGEST_RETRY_BASE_SECONDS: 'ingest.retryBaseSeconds',
  BILLVAULT_INGEST_RETRY_CAP_SECONDS: 'ingest.retryCapSeconds',
  BILLVAULT_INGEST_MAX_EXPANDED_BYTES: 'ingest.maxExpandedBytes',
  BILLVAULT_INGEST_MAX_EXPANSION_RATIO: 'ingest.maxExpansionRatio',
  BILLVAULT_AWS_STS_ENDPOINT: 'aws.stsEndpoint',
  BILLVAULT_AWS_S3_ENDPOINT: 'aws.s3Endpoint',
  BILLVAULT_AWS_PRINCIPAL_ARN: 'aws.principalArn',
  BILLVAULT_AWS_SESSION_SECONDS: 'aws.sessionSeconds',
  BILLVAULT_LOG_LEVEL: 'log.level',
  BILLVAULT_ARCHIVE_BUCKET: 'archive.destination.bucket',
  BILLVAULT_ARCHIVE_REGION: 'archive.destination.region',
  BILLVAULT_ARCHIVE_PREFIX: 'archive.destination.prefix',
  BILLVAULT_ARCHIVE_ENDPOINT: 'archive.destination.endpoint',
  BILLVAULT_ARCHIVE_WRITER_ROLE: 'archive.destination.writerRole.arn',
  BILLVAULT_ARCHIVE_WRITER_EXTERNAL_ID: 'archive.destination.writerRole.externalId',
  BILLVAULT_ARCHIVE_VERIFIER_ROLE: 'archive.destination.verifierRole.arn',
  BILLVAULT_ARCHIVE_VERIFIER_EXTERNAL_ID: 'archive.destination.verifierRole.externalId',
  BILLVAULT_ARCHIVE_ENCRYPTION: 'archive.destination.encryption.algorithm',
  BILLVAULT_ARCHIVE_ENCRYPTION_KEY_ID: 'archive.destination.encryption.keyId',
  BILLVAULT_ARCHIVE_ENCRYPTION_REQUIRED: 'archive.destination.encryption.required',
  BILLVAULT_ARCHIVE_SIGNING_KEY: 'archive.signing.key',
  BILLVAULT_ARCHIVE_SIGNING_KMS_KEY_ID: 'archive.signing.kmsKeyId',
  BILLVAULT_ARCHIVE_SPOOL_FOLDER: 'archive.spoolFolder',
  BILLVAULT_ARCHIVE_SPOOL_MAX_BYTES: 'archive.spoolMaxBytes',
  BILLVAULT_ARCHIVE_PARALLEL: 'archive.parallel',
  BILLVAULT_ARCHIVE_PARALLEL_LARGE: 'archive.parallelLarge',
  BILLVAULT_ARCHIVE_RANGE_ROWS: 'archive.rangeRows',
  BILLVAULT_ARCHIVE_VALIDATE_SCHEDULE: 'archive.schedules.validate',
  BILLVAULT_ARCHIVE_EXPIRY_SCHEDULE: 'archive.schedules.expiry',
  BILLVAULT_ARCHIVE_STATISTICS_SCHEDULE: 'archive.schedules.statistics',
  BILLVAULT_ARCHIVE_RESTORE_SCHEDULE: 'archive.schedules.restore',
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The service's settings: billvault.yaml (or the file that BILLVAULT_CONFIG names), overridden by the environment,
 * filled up with defaults. Nothing else in the project reads either.
 * @throws AppError BAD_CONFIG naming every setting that is wrong or unknown, POLICY_INVALID for the archive's policies
 */
export function readConfig(environment: Environment = process.env, folder: string = process.cwd()): Config {
  const settings = readFileSettings(environment, folder);
  const urlVariables = namedVariables(settings);
  const hasArchive = settings['archive'] !== undefined;
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || value === '' || !variable.startsWith(environmentPrefix)) continue;
    if (variable.startsWith(testPrefix) || variable === configFileVariable) continue;
    const path = variables[variable];
    if (path === undefined && urlVariables.has(variable)) continue;
    if (path === undefined) throw new AppError('BAD_CONFIG', unknownVariable(variable));
    assign(settings, path.split('.'), value);
  }
  const result = schema.safeParse(settings);
  if (!result.success) {
    // A variable of the archive made a section where there is none: what is missing is all of it.
    const lacksArchive =
      !hasArchive && result.error.issues.some(({ path }) => path.join('.') === 'archive.destination');
    if (lacksArchive) throw new AppError('BAD_CONFIG', withoutArchive(environment));
    throw new AppError('BAD_CONFIG', describeIssues(result.error, settings));
  }
  const { archive: section, ...data } = result.data;
  const archive = section === undefined ? undefined : readArchiveConfiguration(section);
  return checkTogether({
    ...data,
    dataFolder: resolve(folder, data.dataFolder),
    ...(archive === undefined ? {} : { archive: completeArchive(archive, data.aws.s3Endpoint, folder) }),
    sourceUrls: readSourceUrls(archive, environment),
  });
}

/**
 * Connection string of one of the archive's sources; the registry's own database is the caller's to know.
 * @throws AppError NOT_FOUND for a source that is not in billvault.yaml, BAD_CONFIG when its variable is not set
 */
export function sourceUrl({ archive, sourceUrls }: Pick<Config, 'archive' | 'sourceUrls'>, source: string): string {
  const url = sourceUrls.get(source);
  if (url !== undefined) return url;
  const variable = archive?.sources[source]?.urlVariable;
  if (variable === undefined) throw new AppError('NOT_FOUND', `archive.sources has no source "${source}"`);
  throw new AppError(
    'BAD_CONFIG',
    `source "${source}" takes its URL from the environment variable ${variable}, which is not set`,
  );
}

function completeArchive(
  archive: ArchiveConfiguration,
  s3Endpoint: string | undefined,
  folder: string,
): ArchiveConfiguration {
  const { destination, spoolFolder } = archive;
  const endpoint = destination.endpoint ?? s3Endpoint;
  return {
    ...archive,
    destination: endpoint === undefined ? destination : { ...destination, endpoint },
    ...(spoolFolder === undefined ? {} : { spoolFolder: resolve(folder, spoolFolder) }),
  };
}

/** A variable that is not set stops nothing here: the service has other work than that one source. */
function readSourceUrls(
  archive: ArchiveConfiguration | undefined,
  environment: Environment,
): ReadonlyMap<string, string> {
  const urls = new Map<string, string>();
  for (const [source, { urlVariable }] of Object.entries(archive?.sources ?? {})) {
    const url = environment[urlVariable];
    if (url === undefined || url === '') continue;
    if (!postgresUrl.safeParse(url).success || !URL.canParse(url)) {
      throw new AppError('BAD_CONFIG', `archive.sources.${source} (${urlVariable}) must be a postgresql:// URL`);
    }
    urls.set(source, url);
  }
  return urls;
}

/** The variables that the archive's sources name, before it is known whether all else is right. */
function namedVariables(settings: Record<string, unknown>): ReadonlySet<unknown> {
  const sources = valueAt(settings, ['archive', 'sources']);
  return new Set(isRecord(sources) ? Object.keys(sources).map((name) => valueAt(sources, [name, 'urlVariable'])) : []);
}

function checkTogether(config: Config): Config {
  const loopback = ['127.0.0.1', '::1', 'localhost'].includes(config.api.host);
  if (!loopback && config.api.token === undefined) {
    throw new AppError(
      'BAD_CONFIG',
      `api.host is ${config.api.host}, open to the network: set BILLVAULT_API_TOKEN as well`,
    );
  }
  if (config.database.rawUrl !== undefined && config.database.url === undefined) {
    throw new AppError(
      'BAD_CONFIG',
      'database.rawUrl is set and database.url is not: set both, or neither for the embedded PostgreSQL',
    );
  }
  return config;
}

function readFileSettings(environment: Environment, folder: string): Record<string, unknown> {
  const named = environment[configFileVariable];
  const path = resolve(folder, named ?? defaultConfigFile);
  if (named === undefined && !existsSync(path)) return {};
  let content: unknown;
  try {
    content = parseYaml(readFileSync(path, 'utf8')) ?? {};
  } catch (cause) {
    throw new AppError('BAD_CONFIG', `${path} cannot be read: ${firstLine(cause)}`, { cause });
  }
  if (!isRecord(content)) throw new AppError('BAD_CONFIG', `${path} must hold settings by name`);
  return content;
}

/** YAML's errors go on with the lines around; the first one names line and column. */
function firstLine(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line.replace(/:$/, '');
}

function assign(target: Record<string, unknown>, path: readonly string[], value: string): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = isRecord(target[head]) ? target[head] : {};
  target[head] = inner;
  assign(inner, rest, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownVariable(variable: string): string {
  return `${variable} is not a setting; known are ${Object.keys(variables).join(', ')} and ${configFileVariable}`;
}

function withoutArchive(environment: Environment): string {
  const given = Object.keys(variables).filter((name) => variables[name]?.startsWith('archive.') && environment[name]);
  return `${given.join(', ')}: set, but billvault.yaml has no section "archive"; the least is ${leastSection}`;
}

/** Settings whose value is, or holds, a secret: a message never shows it, nor what was put in the place of their section. */
const secretSettings = ['database.url', 'database.rawUrl', 'api.token', 'archive.signing.key'];
/** Somebody may have put the URL itself where its variable's name belongs. */
const sourceSettings = /^archive\.sources(?:\.|$)/;

function isSecret(setting: string): boolean {
  const inSection = secretSettings.some((secret) => secret === setting || secret.startsWith(`${setting}.`));
  return inSection || sourceSettings.test(setting);
}

function describeIssues(error: z.ZodError, settings: unknown): string {
  const lines = error.issues.map((issue) => {
    const setting = issue.path.join('.') || 'billvault.yaml';
    const variable = Object.keys(variables).find((name) => variables[name] === setting);
    const value = issue.code === 'unrecognized_keys' ? undefined : valueAt(settings, issue.path);
    const shown = value === undefined || isSecret(setting) ? '' : ` is ${JSON.stringify(value)}`;
    return `${setting}${variable === undefined ? '' : ` (${variable})`}${shown}: ${issue.message}`;
  });
  return `wrong settings: ${lines.join('; ')}`;
}

function valueAt(settings: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (isRecord(value) ? value[String(key)] : undefined), settings);
}
