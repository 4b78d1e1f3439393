import type { RecoveredUnit } from '../../registry/archive/recover-unit.ts';
import type { ManifestFile } from '../manifest/manifest.ts';
import type { FoundPart } from './recovered-unit.ts';

/** What a recovery met of one source, added up. */
export class Seen {
  readonly #months = new Set<string>();
  readonly #missing: string[] = [];
  /** Tables and months with a legal hold on an object. */
  readonly held = new Map<string, { readonly table: string; readonly month: string }>();
  #units = 0;
  #parts = 0;
  #rows = 0;
  #expiredParts = 0;
  deletions = 0;

  addUnits(units: readonly RecoveredUnit[]): void {
    for (const { month, parts } of units) {
      this.#months.add(month);
      this.#units++;
      this.#parts += parts.length;
      this.#rows += parts.reduce((sum, { rows }) => sum + rows, 0);
    }
  }

  addPart(
    { table, bucket, s3_key }: Pick<ManifestFile, 'table' | 'bucket' | 's3_key'>,
    month: string,
    found: FoundPart | undefined,
  ): void {
    if (found === undefined) this.#missing.push(`s3://${bucket}/${s3_key}`);
    if (found?.isExpired === true) this.#expiredParts++;
    if (found?.legalHold === true) this.held.set(JSON.stringify([table, month]), { table, month });
  }

  get counts() {
    return {
      months: this.#months.size,
      units: this.#units,
      parts: this.#parts,
      rows: this.#rows,
      deletions: this.deletions,
      expiredParts: this.#expiredParts,
      missing: this.#missing,
    };
  }
}
