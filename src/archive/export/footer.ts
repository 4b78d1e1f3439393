import { z } from 'zod';
import { AppError } from '../../errors.ts';

/** Key of the footer's key-value pair that says what a part is. */
export const partKeyName = 'billvault.part';
/** Key of the pair that holds the table's definition, as canonical JSON. */
export const definitionKeyName = 'billvault.definition';

const range = z.object({ ordinal: z.int().min(1), rows: z.int().min(1), sha256: z.string() });

const shape = z.object({
  archive_version: z.literal('1'),
  source: z.string(),
  table: z.string(),
  month: z.string(),
  mode: z.enum(['monthly', 'snapshot']),
  part: z.int().min(1),
  rows: z.int().min(0),
  /** SHA-256 of the canonical lines. */
  digest: z.string(),
  ranges: z.array(range),
  definition_sha256: z.string(),
  /** Settings of the session that printed the lines. */
  settings: z.record(z.string(), z.string()),
});

/** What a part says of itself in its own footer. Nothing in it depends on the clock: the same rows give the same bytes. */
export type PartFooter = z.output<typeof shape>;

export function footerMetadata(footer: PartFooter, definitionJson: string): ReadonlyMap<string, string> {
  return new Map([
    [partKeyName, JSON.stringify(footer)],
    [definitionKeyName, definitionJson],
  ]);
}

/** @throws AppError PROOF_FAILED for a file that is no part of ours */
export function readFooter(metadata: ReadonlyMap<string, string>): PartFooter {
  const text = metadata.get(partKeyName);
  if (text === undefined)
    throw new AppError('PROOF_FAILED', `the parquet footer has no ${partKeyName}: this is no part of an archive`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError('PROOF_FAILED', `the footer's ${partKeyName} is not JSON`, { cause });
  }
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  throw new AppError(
    'PROOF_FAILED',
    `the footer's ${partKeyName} is wrong at ${result.error.issues[0]?.path.join('.')}`,
  );
}
