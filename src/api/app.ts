import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { AppError } from '../errors.ts';
import { requireJson, requireLoopbackHost, requireToken } from './auth.ts';
import type { ApiContext } from './context.ts';
import { answerError } from './errors.ts';
import { limitTime } from './limit-time.ts';
import { archiveRoutes } from './routes/archive/archive.ts';
import { auditRoutes } from './routes/audit.ts';
import { clientRoutes } from './routes/clients.ts';
import { deliveryRoutes } from './routes/deliveries.ts';
import { exportRoutes } from './routes/exports.ts';
import { fileRoutes } from './routes/files.ts';
import { healthRoute } from './routes/health.ts';
import { roleRoutes } from './routes/roles.ts';
import { runRoutes } from './routes/runs.ts';
import { warningRoutes } from './routes/warnings.ts';

/** The largest body is a filter or a new role. */
const maxBodyBytes = 65_536;

/**
 * The HTTP API: `{data}` or `{error: {code, message}}`, everything but `/health` under `/v1`. No CORS headers: it is for
 * programs and for pages that it serves itself.
 */
export function createApp(context: ApiContext): Hono {
  const { token, ingest } = context;
  const app = new Hono();
  app.onError((error, c) => answerError(error, c, ingest.log));
  app.notFound((c) => {
    throw new AppError('NOT_FOUND', `there is no ${c.req.method} ${c.req.path}`);
  });
  app.use(async (c, next) => {
    await next();
    c.header('Cache-Control', 'no-store');
    c.header('X-Content-Type-Options', 'nosniff');
  });
  app.use(limitTime());
  // Health is asked by load balancers, which know neither our token nor our name.
  app.route('/health', healthRoute(context));
  app.use('/v1/*', token === undefined ? requireLoopbackHost() : requireToken(token));
  app.use('/v1/*', requireJson());
  app.use('/v1/*', bodyLimit({ maxSize: maxBodyBytes, onError: refuseBody }));
  app.route('/v1/clients', clientRoutes(context));
  app.route('/v1/clients/:client/roles', roleRoutes(context));
  app.route('/v1/exports', exportRoutes(context));
  app.route('/v1/runs', runRoutes(context));
  app.route('/v1', deliveryRoutes(context));
  app.route('/v1/files', fileRoutes(context));
  app.route('/v1/warnings', warningRoutes(context));
  app.route('/v1/audit', auditRoutes(context));
  app.route('/v1/archive', archiveRoutes(context));
  return app;
}

function refuseBody(): never {
  throw new HTTPException(413, { message: `the body has more than ${maxBodyBytes} bytes` });
}
