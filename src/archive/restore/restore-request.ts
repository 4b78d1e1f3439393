import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { isMonth } from '../month.ts';
import { isTablePattern } from '../policy/table-pattern.ts';

const month = z.string().refine(isMonth, 'no month such as 2026-01');
const name = z.string().min(1);

/** What is asked for; everything that is given narrows it. */
const selection = z.strictObject({
  /** Ids of parts in the registry. */
  parts: z.array(z.int().min(1)).min(1).optional(),
  /** Patterns of `schema.table`, as in a policy. */
  tables: z.array(z.string().refine(isTablePattern, 'no pattern of a table')).min(1).optional(),
  /** First and last month. */
  from: month.optional(),
  to: month.optional(),
});

/** Where to; `source` is a configured source database, absent: the one that the rows came from. */
const target = z.discriminatedUnion('kind', [
  /** The table of the same name. */
  z.strictObject({ kind: z.literal('itself'), source: name.optional() }),
  /** One other table. */
  z.strictObject({ kind: z.literal('table'), source: name.optional(), schema: name, table: name }),
  /** Tables of the same names in another schema. */
  z.strictObject({ kind: z.literal('schema'), source: name.optional(), schema: name }),
]);

/** Readable copies of cold objects stay as long; a restore that waits for the last of them must still find the first. */
const defaultCopyDays = 7;
const maxCopyDays = 90;
const defaultKeepDays = 30;
const maxKeepDays = 3_650;

const shape = z.strictObject({
  /** Source database that the rows came from. */
  source: name,
  selection: selection.default({}),
  target: target.default({ kind: 'itself' }),
  /** What becomes of an archived row whose primary key is in the target already. */
  conflict: z.enum(['fail', 'skip', 'overwrite']).default('fail'),
  /** What becomes of the values of columns that the target has no longer. */
  droppedColumns: z.enum(['refuse', 'extra']).default('refuse'),
  /** Also rows that were changed in their table or deleted from it by others after they were archived. */
  withDeparted: z.boolean().default(false),
  /** How fast cold objects are asked for. */
  tier: z.enum(['Standard', 'Bulk']).default('Standard'),
  copyDays: z.int().min(1).max(maxCopyDays).default(defaultCopyDays),
  /** Also what was restored to the same target before. */
  again: z.boolean().default(false),
  /** Rows that come back into the table that they were archived from are not purged again for as long. */
  keepDays: z.int().min(0).max(maxKeepDays).default(defaultKeepDays),
});

/** A restore as it is asked for, complete with defaults. */
export type RestoreRequest = z.output<typeof shape>;
export type RestoreTarget = RestoreRequest['target'];

/** @throws AppError BAD_INPUT naming what is wrong */
export function parseRestoreRequest(value: unknown): RestoreRequest {
  const result = shape.safeParse(value);
  if (!result.success) throw new AppError('BAD_INPUT', `restore: ${z.prettifyError(result.error)}`);
  const { from, to } = result.data.selection;
  if (from !== undefined && to !== undefined && to < from) {
    throw new AppError('BAD_INPUT', `restore: the range of months ends (${to}) before it begins (${from})`);
  }
  return result.data;
}
