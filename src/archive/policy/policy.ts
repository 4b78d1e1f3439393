import { z } from 'zod';
import { classifications } from './classification.ts';
import { compressionShape } from './compression.ts';
import { isTablePattern } from './table-pattern.ts';

/** Days in the database after a month's end, when a policy does not say. */
export const defaultHotDays = 90;
/** At 03:00 UTC on the 2nd: every time zone's month is over, and the night before has settled. */
export const defaultPolicySchedule = '0 3 2 * *';
/** What the archive may take of a source when a policy does not say: chosen to cost it under 5 % of its throughput. */
export const defaultThrottle = { rowsPerSecond: 20_000, load: 0.05 } as const;
/** A part's rows: one object of some tens of megabytes, large enough for every storage class and cheap to read again. */
export const defaultPartRows = 1_000_000;
/** A part's bytes of text: what is held in memory, more than once, while it is assembled. */
export const defaultPartBytes = 64 * 1024 * 1024;

const maxPartRows = 10_000_000;
const maxPartBytes = 1024 * 1024 * 1024;
/** PostgreSQL's limit of key columns (INDEX_MAX_KEYS). */
const maxKeyColumns = 32;
const maxPatterns = 1_000;
const maxLabels = 32;
const hundredYearsOfDays = 36_500;

/** GLACIER and DEEP_ARCHIVE are reached by the lifecycle only: what lies there cannot be read back as its own proof. */
export const storageClasses = ['STANDARD', 'STANDARD_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR'] as const;

/** Of a policy, and of a source database. */
export const namePattern = /^[a-z][a-z0-9_-]{0,62}$/;
const name = z.string().regex(namePattern, 'a lower-case letter, then up to 62 lower-case letters, digits, - or _');
const column = z.string().min(1).max(63);
const pattern = z
  .string()
  .refine(isTablePattern, 'schema.table, in which * stands for any text and ? for one character');
// Whether the fields make a schedule is croner's to say, in src/jobs.ts.
const schedule = z
  .string()
  .regex(/^\s*\S+(?:\s+\S+){4,5}\s*$/, 'a cron pattern of five fields, such as "0 3 2 * *" (UTC)');

/** What may be written; what it means together is checked in parse-policy.ts. */
export const policyShape = z.strictObject({
  name,
  /** The source database's name in billvault.yaml. */
  source: name,
  /** `schema.table` with `*` and `?`; a name alone is a table of the schema public. */
  tables: z.array(pattern).min(1, 'name at least one table, or remove the policy').max(maxPatterns),
  mode: z.enum(['monthly', 'snapshot']).default('monthly'),
  /** Decides a row's month; of a monthly policy. */
  timeColumn: column.optional(),
  /** What tells rows apart, where the table has no primary key of its own. */
  primaryKey: z.array(column).min(1).max(maxKeyColumns).optional(),
  hotDays: z.int().min(0).max(hundredYearsOfDays).default(defaultHotDays),
  classification: z.enum(classifications),
  /** Limits and default are those of the classification. */
  retentionYears: z.int().min(1).optional(),
  /** Whether what is proved in the bucket is deleted from the database. */
  purge: z.boolean().default(false),
  /** Days that purged rows wait in a side table. */
  undoDays: z.int().min(0).max(365).default(0),
  compliance: z
    .array(z.string().regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/, 'up to 64 printable characters'))
    .max(maxLabels)
    .default([]),
  compression: compressionShape.prefault('zstd'),
  schedule: schedule.default(defaultPolicySchedule),
  storageClass: z.enum(storageClasses).default('INTELLIGENT_TIERING'),
  layout: z.enum(['hive', 'flat']).default('hive'),
  lockMode: z.enum(['COMPLIANCE', 'GOVERNANCE']).default('COMPLIANCE'),
  throttle: z
    .strictObject({
      rowsPerSecond: z.int().min(1).max(100_000_000).nullable().default(defaultThrottle.rowsPerSecond),
      /** Share of one core of the source. */
      load: z.number().min(0.001).max(1).nullable().default(defaultThrottle.load),
    })
    .prefault({}),
  /** A part is closed at the end of the range that reaches either. */
  partRows: z.int().min(1).max(maxPartRows).default(defaultPartRows),
  partBytes: z.int().min(1).max(maxPartBytes).default(defaultPartBytes),
  enabled: z.boolean().default(true),
});

type Parsed = z.output<typeof policyShape>;

/** What to archive of a source's tables, and how; every field filled in. Made by parsePolicy() only. */
export type Policy = DeepReadonly<Omit<Parsed, 'retentionYears'> & { retentionYears: number }>;

export type PolicyMode = Policy['mode'];

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
