import type { Prisma } from '../generated/client.ts';
import type { ArchiveMode, PartState, UnitState } from '../generated/enums.ts';
import type { ReplacementRecord } from './replacement.ts';

export type { ArchiveMode, PartState, UnitState };

/** What a part holds of one of its unit's ranges. */
export interface PartRange {
  readonly ordinal: number;
  readonly rows: number;
  /** Of these rows' canonical lines, in key order. */
  readonly sha256: string;
}

/** A slice of a unit; `upper` is the last key tuple in it as PostgreSQL's text, null: to the unit's end. */
export interface UnitRange {
  readonly ordinal: number;
  readonly upper: readonly string[] | null;
}

export type Encryption = { readonly algorithm: 'AES256' } | { readonly algorithm: 'aws:kms'; readonly keyId: string };

/** As it was asked for. */
export type PartEncryption = Encryption & {
  /** True where the server does not say that it did so; tolerated when the part was proved, as it was not required. */
  readonly unconfirmed?: true;
};

export type LockMode = 'GOVERNANCE' | 'COMPLIANCE';

export interface PartRecord {
  readonly id: number;
  readonly unitId: number;
  readonly ordinal: number;
  readonly round: number;
  readonly state: PartState;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | null;
  readonly sizeBytes: number;
  readonly textBytes: number;
  readonly sha256: string;
  readonly digest: string;
  readonly rows: number;
  readonly definitionSha256: string;
  readonly ranges: readonly PartRange[];
  /** As the parquet writer was told: name and type of every column. */
  readonly columns: Prisma.JsonValue;
  readonly spills: Readonly<Record<string, string>>;
  readonly nullCounts: readonly number[];
  readonly compression: string;
  readonly storageClass: string;
  readonly encryption: PartEncryption;
  readonly lockMode: LockMode;
  readonly retainUntil: Date;
  readonly legalHold: boolean;
  readonly storedAt: Date | null;
  readonly verifiedAt: Date | null;
  readonly expiredAt: Date | null;
}

/** A row that was archived and was found to be no longer in the table, in the named round of its unit. */
export interface DepartedRow {
  readonly round: number;
  readonly rangeOrdinal: number;
  readonly rowSha256: string;
  readonly count: number;
}

export interface UnitRecord {
  readonly id: number;
  readonly tableId: number;
  readonly source: string;
  readonly schema: string;
  readonly table: string;
  /** `2026-01`. */
  readonly month: string;
  readonly mode: ArchiveMode;
  readonly state: UnitState;
  readonly policyName: string;
  readonly policy: Prisma.JsonValue;
  readonly definitionSha256: string;
  readonly timeColumn: string | null;
  readonly keyColumns: readonly string[];
  readonly round: number;
  readonly rows: number;
  readonly textBytes: number;
  readonly digest: string | null;
  readonly retainUntil: Date;
  readonly attempts: number;
  readonly keepUntil: Date | null;
  /** Up to which it was taken over from the bucket's manifests; a purge of these that none of them names is not known. */
  readonly recoveredRound: number | null;
  readonly exportedAt: Date | null;
  readonly verifiedAt: Date | null;
  readonly purgedAt: Date | null;
  readonly errorCode: string | null;
  readonly errorText: string | null;
}

/** A unit with everything under it, in the order of ordinals. */
export interface WholeUnit extends UnitRecord {
  readonly ranges: readonly UnitRange[];
  /** Those that count. */
  readonly parts: readonly PartRecord[];
  /** Found to be faulty: parts after them hold their rows. */
  readonly replacedParts: readonly PartRecord[];
  /** In the order in which they were made; of `parts`, whose object has another version now, and of `replacedParts`. */
  readonly replacements: readonly ReplacementRecord[];
  readonly departed: readonly DepartedRow[];
}
