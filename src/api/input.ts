import type { Context } from 'hono';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { parsePeriod } from '../ingest/discover/period.ts';
import { maxPageSize } from '../registry/page.ts';

/** S3 keys have at most 1,024 bytes, ARNs and titles fewer. */
const maxTextLength = 1_024;
const defaultPageSize = 100;
/** No body of ours is deeper than a few objects; what recurses into one of many thousands ends the stack. */
const maxBodyDepth = 32;

/** Text that PostgreSQL can hold. */
export const text = z
  .string()
  .max(maxTextLength)
  .refine((value) => !value.includes('\0'), 'must not hold NUL');

/** A whole number from a path, a query or a body; nothing but its digits is taken for one. */
export const whole = (minimum: number, maximum: number) => {
  const message = `give a whole number from ${minimum} to ${maximum}`;
  const digits = (value: unknown) => (typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value);
  return z.preprocess(
    digits,
    z.custom<number>(
      (value) => Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum,
      message,
    ),
  );
};

export const id = whole(1, Number.MAX_SAFE_INTEGER);

/** Of what there are few of (clients, roles, exports, warnings): PostgreSQL's integer. */
export const smallId = whole(1, 2 ** 31 - 1);

/** `2024-03`; comes out as the month's first day. */
export const month = z.string().transform((value, context) => {
  const period = parsePeriod(value);
  if (period !== undefined) return period.start;
  context.addIssue({ code: 'custom', message: 'give a month, such as 2024-01' });
  return z.NEVER;
});

/** Of every list: how many rows, and after which. */
export const pageFields = {
  limit: whole(1, maxPageSize).default(defaultPageSize),
  cursor: id.optional(),
};

/** The same, of lists whose ids are small. */
export const smallPageFields = { ...pageFields, cursor: smallId.optional() };

/** @throws AppError BAD_INPUT naming each field that is wrong or unknown */
export async function readBody<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const body = await c.req.text();
  let value: unknown = {};
  try {
    if (body !== '') value = JSON.parse(body);
  } catch (cause) {
    throw new AppError('BAD_INPUT', `the body is not JSON: ${cause instanceof Error ? cause.message : ''}`, { cause });
  }
  requireStorable(value);
  return parse(schema, value, 'body');
}

/**
 * Whatever a verb checks itself, its texts are such as PostgreSQL can hold.
 * @throws AppError BAD_INPUT
 */
function requireStorable(value: unknown): void {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxBodyDepth) throw new AppError('BAD_INPUT', `body: more than ${maxBodyDepth} levels deep`);
    if (level.some((one) => typeof one === 'string' && !one.isWellFormed())) {
      throw new AppError('BAD_INPUT', 'body: a text ends in half a character');
    }
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
}

/** @throws AppError BAD_INPUT naming each parameter that is wrong, unknown or given twice */
export function readQuery<T>(c: Context, schema: z.ZodType<T>): T {
  const repeated = Object.entries(c.req.queries()).find(([, values]) => values.length > 1);
  if (repeated !== undefined) throw new AppError('BAD_INPUT', `query: ${repeated[0]}: give it once`);
  return parse(schema, c.req.query(), 'query');
}

/** @throws AppError BAD_INPUT */
export function readPath<T>(c: Context, schema: z.ZodType<T>): T {
  return parse(schema, c.req.param(), 'path');
}

function parse<T>(schema: z.ZodType<T>, value: unknown, where: 'body' | 'query' | 'path'): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) =>
    [where, path.join('.'), message].filter((part) => part !== '').join(': '),
  );
  throw new AppError('BAD_INPUT', issues.join('; '));
}

/** A page of rows, and the cursor of the next one: null after the last. */
export function pageBody<T extends { readonly id: number }>(data: readonly T[], limit: number) {
  return { data, next: data.length < limit ? null : (data.at(-1)?.id ?? null) };
}
