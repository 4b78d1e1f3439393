import { z } from 'zod';
import { parseRoleArn } from '../aws/arn.ts';
import { checkBucketName } from '../aws/bucket-name.ts';
import { partitionOfRegion } from '../aws/partition.ts';
import { AppError, toAppError } from '../errors.ts';
import { checkPolicySources, parsePolicies } from './policy/parse-policy.ts';
import { namePattern, type Policy } from './policy/policy.ts';
import { registrySource } from './policy/registry-source.ts';
import { isTablePattern } from './policy/table-pattern.ts';

/** S3 allows keys of 1,024 bytes; what stays is for source, table, month and file. */
const maxPrefixLength = 512;
const maxSources = 1_000;
const maxPolicies = 10_000;
const maxDenyPatterns = 1_000;
const maxPublicKeys = 100;
const maxBypassRoles = 20;
const maxFormerPrefixes = 100;
const gibibyte = 1_073_741_824;

// What comes from the environment is text.
const whole = (minimum: number, maximum: number) => z.coerce.number().int().min(minimum).max(maximum);
const yesOrNo = z.union([z.boolean(), z.stringbool({ truthy: ['true', 'yes', '1'], falsy: ['false', 'no', '0'] })]);
const text = z.string().min(1);
const checked = (check: (value: string) => unknown) =>
  z.string().check((context) => {
    try {
      check(context.value);
    } catch (error) {
      context.issues.push({ code: 'custom', input: context.value, message: toAppError(error).message });
    }
  });
const bucket = checked(checkBucketName);
const roleArn = checked(parseRoleArn);
// Without wildcards, which a condition on ARNs would take as such.
const identityArn = z
  .string()
  .regex(/^arn:aws[a-z-]*:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]{1,576}$/, 'the ARN of a role or a user');
// Whether it is a schedule is croner's to say, in src/jobs.ts.
const schedule = z.string().regex(/^\s*\S+(?:\s+\S+){4,5}\s*$/, 'a cron pattern of five fields (UTC)');

const role = z.strictObject({ arn: roleArn, externalId: text.optional() });

const prefix = z
  .string()
  .max(maxPrefixLength)
  .regex(
    /^\/*[A-Za-z0-9!_.*'()-]*(?:\/[A-Za-z0-9!_.*'()-]+)*\/*$/,
    "letters, digits and !_.*'()- between single slashes",
  )
  .transform((given) => given.replace(/^\/+|\/+$/g, ''));

const encryption = z.discriminatedUnion('algorithm', [
  z.strictObject({ algorithm: z.literal('AES256'), required: yesOrNo.default(true) }),
  z.strictObject({
    algorithm: z.literal('aws:kms'),
    /** Id, ARN or alias of the KMS key. */
    keyId: text,
    /** Whether an object that was stored otherwise is refused. */
    required: yesOrNo.default(true),
  }),
]);

const destination = z.strictObject({
  bucket,
  region: checked(partitionOfRegion),
  /** Of every key, without slashes at its ends; may be empty. */
  prefix: prefix.default(''),
  /** Prefixes of before, from which a chain may go on below this one. */
  formerPrefixes: z.array(prefix).max(maxFormerPrefixes).default([]),
  /** Default: aws.s3Endpoint, and AWS's own without that. */
  endpoint: z
    .string()
    .regex(/^https?:\/\//, 'an http(s):// URL')
    .optional(),
  writerRole: role.optional(),
  /** Reads back what the writer stored; default: the writer's own rights. */
  verifierRole: role.optional(),
  encryption: encryption.prefault({ algorithm: 'AES256' }),
  /** Roles, or users, who alone may lift a GOVERNANCE lock, or make COMPLIANCE of it; without any nobody may. */
  bypassRoles: z.array(identityArn).max(maxBypassRoles).default([]),
  replication: z.strictObject({ bucket, roleArn }).optional(),
});

const signing = z.strictObject({
  /** Ed25519 private key, PKCS #8, as PEM or as base64 of its DER. */
  key: text.optional(),
  kmsKeyId: text.optional(),
  /** Only for a KMS that is not AWS's. */
  kmsEndpoint: z
    .string()
    .regex(/^https?:\/\//, 'an http(s):// URL')
    .optional(),
  /** Keys of before, PEM or base64: what they signed stays valid. */
  publicKeys: z.array(text).max(maxPublicKeys).default([]),
});

const source = z.strictObject({
  urlVariable: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/, 'the name of an environment variable, in capitals, not the URL itself'),
});

/** The section `archive` of billvault.yaml, as it is written; see readArchiveConfiguration() for what it means together. */
/** The least that the section has to say, on one line, which YAML takes as well. */
export const leastSection =
  'archive: {destination: {bucket: acme-archive, region: eu-central-1}, sources: {ledger: {urlVariable: LEDGER_DATABASE_URL}}, policies: [{name: ledgers, source: ledger, tables: [public.charges], timeColumn: created_at, classification: financial}]}';

export const archiveShape = z.strictObject({
  destination,
  signing: signing.prefault({}),
  /** Takes parts while the bucket is out of reach; without it they wait in the database. */
  spoolFolder: text.optional(),
  spoolMaxBytes: whole(0, Number.MAX_SAFE_INTEGER).default(10 * gibibyte),
  /** Tables worked on at the same time. */
  parallel: whole(1, 64).default(4),
  /** Those among them, of all sources together, that may fill a part of 64 MiB: some 100 MB of memory each. */
  parallelLarge: whole(1, 64).default(1),
  /** Rows of a range: what one transaction of a purge deletes. */
  rangeRows: whole(1, 100_000).default(10_000),
  sources: z
    .record(z.string().regex(namePattern, 'a lower-case letter, then lower-case letters, digits, - or _'), source)
    .refine(
      (sources) => !Object.hasOwn(sources, registrySource),
      `"${registrySource}" is the registry itself: choose another name`,
    )
    .refine((sources) => Object.keys(sources).length <= maxSources, `at most ${maxSources} sources`)
    .default({}),
  /** Tables never to be archived, besides those of deny-list.ts. */
  deny: z
    .array(
      z
        .string()
        .refine(isTablePattern, 'schema.table or table, in which * stands for any text and ? for one character'),
    )
    .max(maxDenyPatterns)
    .default([]),
  policies: z.array(z.unknown()).max(maxPolicies).default([]),
  schedules: z
    .strictObject({
      validate: schedule.default('30 4 * * *'),
      expiry: schedule.default('15 5 * * *'),
      statistics: schedule.default('45 5 * * 1'),
      restore: schedule.default('*/5 * * * *'),
    })
    .prefault({}),
});

type Section = z.output<typeof archiveShape>;

export type ArchiveConfiguration = Omit<Section, 'policies'> & { readonly policies: readonly Policy[] };

/**
 * What the section's settings mean together.
 * @throws AppError BAD_CONFIG, POLICY_INVALID
 */
export function readArchiveConfiguration(section: Section): ArchiveConfiguration {
  if (section.signing.key !== undefined && section.signing.kmsKeyId !== undefined) {
    throw new AppError(
      'BAD_CONFIG',
      'archive.signing.key (BILLVAULT_ARCHIVE_SIGNING_KEY) and archive.signing.kmsKeyId are both set: only one can sign',
    );
  }
  const policies = parsePolicies(section.policies);
  checkPolicySources(policies, Object.keys(section.sources));
  return { ...section, policies };
}
