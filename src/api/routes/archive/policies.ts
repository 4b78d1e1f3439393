import { Hono } from 'hono';
import { z } from 'zod';
import { listStored, planPolicies, putPolicy, removePolicy } from '../../../archive/policy/apply-policies.ts';
import { parsePolicy } from '../../../archive/policy/parse-policy.ts';
import type { FieldChange, StoredPolicy } from '../../../archive/policy/policy-difference.ts';
import { AppError } from '../../../errors.ts';
import { checkSchedule } from '../../../jobs.ts';
import { anyFields, archiveName, requireSource } from '../../archive-input.ts';
import { type ArchiveApi, apiActor } from '../../context.ts';
import { pageFields, readBody, readPath, readQuery } from '../../input.ts';

const policyPath = z.object({ name: archiveName });
/** Policies have no numbers: a page goes on after the name that the one before ended with. */
const listQuery = z.strictObject({ ...pageFields, cursor: archiveName.optional(), source: archiveName.optional() });

export function policyRoutes({ context }: ArchiveApi): Hono {
  const { registry, sources } = context;
  const routes = new Hono();

  routes.get('/', async (c) => {
    const { limit, cursor = '', source } = readQuery(c, listQuery);
    requireSource(context, source);
    const rest = (await listStored(registry, source)).filter(({ policy }) => policy.name > cursor);
    const page = rest.toSorted((a, b) => (a.policy.name < b.policy.name ? -1 : 1)).slice(0, limit);
    const next = rest.length > limit ? (page.at(-1)?.policy.name ?? null) : null;
    return c.json({ data: page.map(policyBody), next });
  });

  routes.get('/:name', async (c) => {
    const { name } = readPath(c, policyPath);
    const found = (await listStored(registry)).find(({ policy }) => policy.name === name);
    if (found === undefined) throw new AppError('NOT_FOUND', `there is no policy ${name}`);
    return c.json({ data: policyBody(found) });
  });

  // The whole policy: what it leaves out is filled in, not kept from before.
  routes.put('/:name', async (c) => {
    const { name } = readPath(c, policyPath);
    const input = { name, ...(await readBody(c, anyFields)) };
    if (input.name !== name)
      throw new AppError('BAD_INPUT', `body: name: leave it out, or give ${name} as in the path`);
    checkSchedule(parsePolicy(input).schedule);
    const request = { input, sources: sources.names, actor: apiActor };
    const { policy, fields, stored = null } = await putPolicy(context, request);
    return c.json({ data: { ...policyBody({ origin: 'api', policy }), changes: fields.map(changeBody), stored } });
  });

  routes.delete('/:name', async (c) => {
    const { name } = readPath(c, policyPath);
    await removePolicy(registry, { name, actor: apiActor });
    return c.json({ data: { policy: name } });
  });

  return routes;
}

/** What applying billvault.yaml's policies would change: what the next start of the service does. */
export function policyDifferenceRoute({ context, declaredPolicies }: ArchiveApi): Hono {
  const routes = new Hono();
  routes.get('/', async (c) => {
    readQuery(c, z.strictObject({}));
    const { changed, ...difference } = await planPolicies(context, declaredPolicies);
    const changes = changed.map(({ fields, ...change }) => ({ ...change, fields: fields.map(changeBody) }));
    return c.json({ data: { ...difference, changed: changes } });
  });
  return routes;
}

function policyBody({ origin, policy }: StoredPolicy) {
  return { origin, ...policy };
}

function changeBody({ loosens, ...change }: FieldChange) {
  return { ...change, loosens: loosens ?? null };
}
