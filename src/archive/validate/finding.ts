/**
 * What can be wrong with what is stored. Codes are kept in the registry and filtered on: they are added to, never renamed.
 * `UNCHECKED`: it could not be looked at, for the reason in the text; that says nothing about the object.
 */
export const validationCodes = [
  'FILE_MISSING',
  'PROOF_FAILED',
  'LOCK_MISSING',
  'HOLD_MISSING',
  'ENCRYPTION_MISSING',
  'METADATA_DIFFERS',
  'HIDDEN',
  'OVERWRITTEN',
  'UNKNOWN_OBJECT',
  'UNKNOWN_VERSION',
  'REPLACED',
  'LEFT_OVER',
  'MANIFEST_MISSING',
  'MANIFEST_INVALID',
  'SIGNATURE_INVALID',
  'CHAIN_BROKEN',
  'NOT_IN_MANIFEST',
  'NOT_IN_REGISTRY',
  'GAP',
  'UNCHECKED',
] as const;

export type ValidationCode = (typeof validationCodes)[number];

/** A warning is for a person to look at; with an error the archive is not what it says it is, or nobody could tell. */
export type Severity = 'error' | 'warning';

export interface ValidationFinding {
  readonly code: ValidationCode;
  readonly severity: Severity;
  /** `s3://bucket/key`, `ledger/public.charges 2026-01`, `ledger 2026-01`. */
  readonly subject: string;
  readonly text: string;
}

/** More than these are counted and not told one by one: the record of a validation stays a page, not a book. */
const maxKeptFindings = 1_000;

export class ValidationFindings {
  readonly #list: ValidationFinding[] = [];
  #errors = 0;
  #warnings = 0;

  add(severity: Severity, code: ValidationCode, subject: string, text: string): void {
    if (severity === 'error') this.#errors++;
    else this.#warnings++;
    if (this.#list.length < maxKeptFindings) this.#list.push({ code, severity, subject, text });
  }

  get list(): readonly ValidationFinding[] {
    return this.#list;
  }

  get errors(): number {
    return this.#errors;
  }

  get warnings(): number {
    return this.#warnings;
  }
}
