import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
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
});

export type Config = z.output<typeof schema>;

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
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The service's settings: billvault.yaml (or the file that BILLVAULT_CONFIG names), overridden by the environment,
 * filled up with defaults. Nothing else in the project reads either.
 * @throws AppError BAD_CONFIG naming every setting that is wrong or unknown
 */
export function readConfig(environment: Environment = process.env, folder: string = process.cwd()): Config {
  const settings = readFileSettings(environment, folder);
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || value === '' || !variable.startsWith(environmentPrefix)) continue;
    if (variable.startsWith(testPrefix) || variable === configFileVariable) continue;
    const path = variables[variable];
    if (path === undefined) throw new AppError('BAD_CONFIG', unknownVariable(variable));
    assign(settings, path.split('.'), value);
  }
  const result = schema.safeParse(settings);
  if (!result.success) throw new AppError('BAD_CONFIG', describeIssues(result.error, settings));
  return checkTogether({ ...result.data, dataFolder: resolve(folder, result.data.dataFolder) });
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
    throw new AppError(
      'BAD_CONFIG',
      `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  if (!isRecord(content)) throw new AppError('BAD_CONFIG', `${path} must hold settings by name`);
  return content;
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

/** Settings whose value is, or holds, a secret: a message never shows it. */
const secretSettings = new Set(['database.url', 'database.rawUrl', 'api.token']);

function describeIssues(error: z.ZodError, settings: unknown): string {
  const lines = error.issues.map((issue) => {
    const setting = issue.path.join('.') || 'billvault.yaml';
    const variable = Object.keys(variables).find((name) => variables[name] === setting);
    const value = issue.code === 'unrecognized_keys' ? undefined : valueAt(settings, issue.path);
    const shown = value === undefined || secretSettings.has(setting) ? '' : ` is ${JSON.stringify(value)}`;
    return `${setting}${variable === undefined ? '' : ` (${variable})`}${shown}: ${issue.message}`;
  });
  return `wrong settings: ${lines.join('; ')}`;
}

function valueAt(settings: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (isRecord(value) ? value[String(key)] : undefined), settings);
}
