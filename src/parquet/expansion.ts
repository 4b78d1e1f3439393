import type { ParquetLimits } from './limits.ts';
import { expandsTooMuch } from './problems.ts';

export type ExpansionLimits = Pick<ParquetLimits, 'maxExpandedBytes' | 'maxExpansionRatio' | 'expansionFreeBytes'>;

/**
 * Counts what is made of one file, pages and rows together. The memory budget bounds what lives at one moment; this bounds
 * the sum, which a dictionary of one long text and a run of a billion indexes would otherwise choose.
 */
export class Expansion {
  readonly #limitBytes: number;
  #madeBytes = 0;

  constructor(sizeBytes: number, { maxExpandedBytes, maxExpansionRatio, expansionFreeBytes }: ExpansionLimits) {
    this.#limitBytes = Math.min(maxExpandedBytes, Math.max(expansionFreeBytes, sizeBytes * maxExpansionRatio));
  }

  /** To be called before the bytes are made. @throws AppError EXPANDS_TOO_MUCH */
  add(bytes: number): void {
    this.#madeBytes += bytes;
    if (this.#madeBytes <= this.#limitBytes) return;
    throw expandsTooMuch(`its pages and rows come to more than ${this.#limitBytes} bytes`);
  }
}
