import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { z } from 'zod';
import type { ChangeOutcome } from '../../../archive/bucket/apply.ts';
import { type BucketPlan, isFit } from '../../../archive/bucket/plan.ts';
import { planText } from '../../../archive/bucket/plan-text.ts';
import { AppError } from '../../../errors.ts';
import { type ArchiveApi, apiActor } from '../../context.ts';
import { readBody, readQuery, text } from '../../input.ts';
import { limitParallel } from '../../limit-parallel.ts';
import { requestSignal } from '../../limit-time.ts';

/** Each asks for a dozen settings of the bucket, and every source for its tables. */
const maxBucketReadings = 2;

const applyBody = z.strictObject({
  /** Of the plan that was looked at. */
  confirm: text.regex(/^[0-9a-f]{64}$/, 'give the field confirm of GET /v1/archive/bucket/plan'),
});

export function bucketRoutes({ bucket, signal: stop }: ArchiveApi): Hono {
  const limit = limitParallel(maxBucketReadings);
  const routes = new Hono();

  routes.get('/plan', limit, async (c) => {
    readQuery(c, z.strictObject({}));
    const { plan } = await bucket.check(requestSignal(c.req.raw, stop));
    return c.json({ data: { ...planBody(plan), text: planText(plan), confirm: confirmationOf(plan) } });
  });

  // Only the plan that was looked at: what would be changed else is told first.
  routes.post('/apply', limit, async (c) => {
    const { confirm } = await readBody(c, applyBody);
    const signal = requestSignal(c.req.raw, stop);
    const { plan: shown } = await bucket.check(signal);
    if (confirmationOf(shown) !== confirm) {
      throw new AppError('CONFLICT', 'body: confirm: this is not the plan of the bucket now: look at it again');
    }
    const { outcomes, after } = await bucket.change({ shown, actor: apiActor, signal });
    return c.json({ data: { outcomes: outcomes.map(outcomeBody), after: planBody(after) } });
  });

  return routes;
}

/** The text has all that a plan would change in it. */
function confirmationOf(plan: BucketPlan): string {
  return createHash('sha256').update(planText(plan)).digest('hex');
}

function planBody(plan: BucketPlan) {
  const entries = plan.entries.map(({ change, ...entry }) => entry);
  return { ...plan, entries, isFit: isFit(plan) };
}

function outcomeBody(outcome: ChangeOutcome) {
  if (outcome.outcome !== 'failed') return outcome;
  const { code, message } = outcome.error;
  return { ...outcome, error: { code, message } };
}
