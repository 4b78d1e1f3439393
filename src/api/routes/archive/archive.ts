import { Hono } from 'hono';
import { AppError } from '../../../errors.ts';
import type { ApiContext } from '../../context.ts';
import { bucketRoutes } from './bucket.ts';
import { ddlRoute } from './ddl.ts';
import { holdRoutes } from './holds.ts';
import { inspectRoute } from './inspect.ts';
import { keyRoute } from './key.ts';
import { lockRoutes } from './locks.ts';
import { manifestRoutes } from './manifests.ts';
import { planRoute } from './plan.ts';
import { policyDifferenceRoute, policyRoutes } from './policies.ts';
import { restoreRoutes } from './restores.ts';
import { runRoutes } from './runs.ts';
import { statusRoute } from './status.ts';
import { unitRoutes } from './units.ts';
import { validationRoutes } from './validations.ts';

/** Everything under `/v1/archive`. */
export function archiveRoutes({ archive }: ApiContext): Hono {
  const routes = new Hono();
  if (archive === undefined) {
    routes.all('*', () => {
      throw new AppError('NOT_FOUND', 'there is no archive: billvault.yaml has no section "archive"');
    });
    return routes;
  }
  routes.route('/status', statusRoute(archive));
  routes.route('/policies', policyRoutes(archive));
  routes.route('/policy-difference', policyDifferenceRoute(archive));
  routes.route('/plan', planRoute(archive));
  routes.route('/inspect', inspectRoute(archive));
  routes.route('/runs', runRoutes(archive));
  routes.route('/units', unitRoutes(archive));
  routes.route('/holds', holdRoutes(archive));
  routes.route('/locks', lockRoutes(archive));
  routes.route('/manifests', manifestRoutes(archive));
  routes.route('/key', keyRoute(archive));
  routes.route('/ddl', ddlRoute(archive));
  routes.route('/validations', validationRoutes(archive));
  routes.route('/restores', restoreRoutes(archive));
  routes.route('/bucket', bucketRoutes(archive));
  return routes;
}
