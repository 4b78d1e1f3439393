import type { MiddlewareHandler } from 'hono';
import { AppError } from '../errors.ts';

/** What only asks the databases; an answer that takes longer has been given up by whoever asked. */
const quickSeconds = 30;
/** What lists a client's bucket, or asks a source database or the archive's bucket, before it answers. */
const slowSeconds = 600;
const slowPath =
  /^\/v1\/(clients\/[^/]+\/(preflight|discover)|files\/reprocess|archive\/(plan|inspect|holds.*|locks.*|bucket.*|restores.*|units\/[^/]+\/repair))$/;

/** Answers a request that takes too long with TIMEOUT. What it began is ended where it heeds the request's own signal. */
export function limitTime(): MiddlewareHandler {
  return async (c, next) => {
    const seconds = slowPath.test(c.req.path) ? slowSeconds : quickSeconds;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(tooLate(seconds)), seconds * 1_000);
    try {
      await Promise.race([next(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Aborted when the service stops, the caller leaves, or the request's time is over. */
export function requestSignal(request: Request, stop: AbortSignal): AbortSignal {
  return AbortSignal.any([stop, request.signal, AbortSignal.timeout(slowSeconds * 1_000)]);
}

function tooLate(seconds: number): AppError {
  return new AppError('TIMEOUT', `not done within ${seconds} seconds`);
}
