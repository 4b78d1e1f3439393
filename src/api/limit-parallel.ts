import type { MiddlewareHandler } from 'hono';
import { AppError } from '../errors.ts';

/** So many requests at once; more are told to come again. One whose caller has gone counts until its work has ended. */
export function limitParallel(max: number): MiddlewareHandler {
  let underWay = 0;
  return async (c, next) => {
    if (underWay >= max) {
      throw new AppError('THROTTLED', `${max} requests like ${c.req.path} are being answered: try again in a moment`);
    }
    underWay++;
    try {
      await next();
    } finally {
      underWay--;
    }
  };
}
