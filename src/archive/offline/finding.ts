import type { ErrorCode } from '../../errors.ts';

/** What is wrong with a folder; the code is that of the error which the same would be elsewhere. */
export interface OfflineFinding {
  readonly code: Extract<
    ErrorCode,
    'MANIFEST_INVALID' | 'SIGNATURE_INVALID' | 'CHAIN_BROKEN' | 'FILE_MISSING' | 'FORMAT_UNKNOWN' | 'PROOF_FAILED'
  >;
  /** Below the folder, with slashes; of what is missing, where it would lie. Empty: the folder as a whole. */
  readonly path: string;
  readonly text: string;
}

/** More than these are counted and not told one by one. */
export const maxFindings = 10_000;

export class Findings {
  readonly #list: OfflineFinding[] = [];
  #omitted = 0;

  add(code: OfflineFinding['code'], path: string, text: string): void {
    if (this.#list.length < maxFindings) this.#list.push({ code, path, text });
    else this.#omitted++;
  }

  get list(): readonly OfflineFinding[] {
    return this.#list;
  }

  get omitted(): number {
    return this.#omitted;
  }

  get count(): number {
    return this.#list.length + this.#omitted;
  }
}
