import { z } from 'zod';

/** What this code writes; it reads every version of the same major number. */
export const archiveVersion = '1';

/** S3 allows keys of 1,024 bytes; names, actors and reasons are people's words: nothing of a manifest is long. */
const maxTextLength = 4_096;
/** PostgreSQL allows 1,600 columns; every one may have a spill column. */
const maxColumns = 3_200;
/** INDEX_MAX_KEYS of PostgreSQL. */
const maxKeyColumns = 32;

const text = z.string().max(maxTextLength);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'no SHA-256 in lower-case hex');
const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'no month such as 2026-01');
const instant = z.iso.datetime({ message: 'no instant in UTC such as 2026-02-02T03:00:00.000Z' });
const count = z.int().min(0);
const ordinal = z.int().min(1);
const lockMode = z.enum(['GOVERNANCE', 'COMPLIANCE']);
const years = z.int().min(0).max(1_000);

const range = z.object({
  ordinal,
  rows: count,
  /** Of these rows' lines, in key order. */
  sha256,
});

/** Only where the deployment does not require it: the server does not say that it encrypted as it was asked to. */
const unconfirmed = z.literal(true).optional();

const encryption = z.union([
  z.object({ algorithm: z.literal('AES256'), unconfirmed }),
  z.object({ algorithm: z.literal('aws:kms'), key_id: text, unconfirmed }),
]);

const column = z.object({
  name: text,
  /** As in `parquetTypeText`: `int8`, `decimal(12,2)`, `canonical`. */
  parquet_type: text,
  /** As PostgreSQL's format_type() prints it. */
  pg_type: text,
});

const unit = z.object({
  mode: z.enum(['monthly', 'snapshot']),
  /** Only whole units stand in a manifest. */
  state: z.literal('complete'),
  parts: ordinal,
  rows: count,
  /** SHA-256 over `<part digest>\n` of its parts in order. */
  digest: sha256,
  /** What its rows are ordered by, and its ranges are slices of: the time, null of a snapshot; then the key, empty where there is none. */
  time_column: text.nullable(),
  key_columns: z.array(text).max(maxKeyColumns),
});

const file = z.object({
  /** `schema.table`. */
  table: text,
  records: count,
  s3_key: text,
  bucket: text,
  version_id: text,
  size_bytes: count,
  /** Of the file's bytes. */
  sha256,
  /** Of its rows' lines. */
  digest: sha256,
  unit,
  part: ordinal,
  /** Of its unit in which it was exported: 1, and one more for every look for late rows. */
  round: ordinal,
  /** Of its rows' lines. */
  text_bytes: count,
  ranges: z.array(range),
  compression: text,
  definition_sha256: sha256,
  storage_class: text,
  retain_until: instant,
  lock_mode: lockMode,
  encryption,
  columns: z.array(column).max(maxColumns),
  /** Column → the column beside it with the values that its parquet type cannot hold. */
  spills: z.record(z.string(), text),
  /** In the order of `columns`. */
  null_counts: z.array(count).max(maxColumns),
});

/** A version of a part's object that was found to be faulty; it stays where it is, and counts for nothing. */
const replaced = file.omit({ unit: true }).extend({
  mode: z.enum(['monthly', 'snapshot']),
  /** null: there was none any more. */
  version_id: text.nullable(),
  by: z.object({
    /** The part that its rows were archived anew in; null: another version of the object, or no rows were left. */
    part: ordinal.nullable(),
    /** In which they were. */
    round: ordinal.nullable(),
    /** Of the same object. */
    version_id: text.nullable(),
    /** Whether that holds the very rows. */
    same_rows: z.boolean(),
  }),
  /** What was wrong with it. */
  why: text,
  who: text,
  when: instant,
});

const policy = z.object({
  table: text,
  mode: z.enum(['monthly', 'snapshot']),
  name: text,
  retention_years: years,
  compliance: z.array(text),
  classification: text,
  layout: z.enum(['hive', 'flat']),
  purge: z.boolean(),
});

const departed = z.object({
  table: text,
  part: ordinal.optional(),
  range: ordinal.optional(),
  /** In which it was found to be gone. */
  round: ordinal,
  row_sha256: sha256,
  count: ordinal,
});

const deletion = z.object({
  table: text,
  period: month,
  /** Of its unit: rows of later rounds are not among them. */
  round: ordinal,
  ranges: z.array(range),
  rows: count,
  /** SHA-256 over `<range sha256>\n` of its ranges in order. */
  digest: sha256,
  who: text,
  when: instant,
  method: z.enum(['delete', 'detach']),
});

const hold = z.object({
  /** null: every table of the source. */
  table: text.nullable(),
  from: month.nullable(),
  to: month.nullable(),
  who: text,
  why: text,
  until: instant.nullable(),
});

/**
 * One period of one source database, cumulative: all its parts so far. Members that it does not name are a newer
 * version's: they are kept, and the signature covers them.
 */
export const manifestShape = z.object({
  archive_version: z.string().regex(/^1(\.\d{1,6})?$/, 'a version that this program does not know; use a newer one'),
  created_at: instant,
  source: text,
  /** Position in the source's chain. */
  sequence: ordinal,
  period: month,
  /** `retain_until`: from then on it may be gone. */
  previous: z.object({ sha256, sequence: ordinal, key: text, retain_until: instant }).nullable(),
  files: z.array(file),
  /** All that ever were; none: absent. */
  replaced: z.array(replaced).optional(),
  /** By `definition_sha256`: a footer in a cold class cannot be read, so they stand here too. */
  definitions: z.record(sha256, z.record(z.string(), z.unknown())),
  /** SHA-256 of the canonical JSON of the sorted names of `definitions`: the same schemas have the same version. */
  schema_version: sha256,
  /** The longest of its policies. */
  retention_years: years,
  /** All labels of its policies, sorted. */
  compliance: z.array(text),
  policies: z.array(policy),
  /** Rows that were archived and were no longer in the table later: a restore leaves them out. */
  departed: z.array(departed),
  /** Each stands in one manifest of the chain, the first after it. */
  deletions: z.array(deletion),
  /** In force when it was made. */
  holds: z.array(hold),
  digest_rules: text,
  /** Settings of the sessions that printed the lines. */
  settings: z.record(z.string(), text),
  /** PEM, for information: whoever rewrites a manifest rewrites this too. */
  signing_public_key: text,
  /** The one part that is not signed: nothing else may stand in it. */
  signature: z.strictObject({ algorithm: z.literal('Ed25519'), key_id: text, value: z.base64() }),
});

type DeepReadonly<T> = T extends readonly (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

export type Manifest = DeepReadonly<z.output<typeof manifestShape>>;
export type ManifestFile = Manifest['files'][number];
export type ManifestReplaced = NonNullable<Manifest['replaced']>[number];
export type ManifestRange = ManifestFile['ranges'][number];
export type ManifestColumn = ManifestFile['columns'][number];
export type ManifestPolicy = Manifest['policies'][number];
export type ManifestDeparted = Manifest['departed'][number];
export type ManifestDeletion = Manifest['deletions'][number];
export type ManifestHold = Manifest['holds'][number];

/** What its maker has to say; the rest follows from it. */
export type ManifestContent = Omit<
  Manifest,
  'archive_version' | 'schema_version' | 'digest_rules' | 'signing_public_key' | 'signature'
>;
