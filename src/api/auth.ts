import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { AppError } from '../errors.ts';

const loopbackNames = new Set(['127.0.0.1', 'localhost', '[::1]']);
const readingMethods = new Set(['GET', 'HEAD']);

/** `Authorization: Bearer <token>`. */
export function requireToken(token: string): MiddlewareHandler {
  const expected = digest(token);
  return async (c, next) => {
    const given = /^Bearer +(\S+)$/i.exec(c.req.header('Authorization') ?? '')?.[1];
    // Digests have one length, and are compared in constant time: the answer's time says nothing about the token.
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      throw new AppError('UNAUTHORIZED', 'give the API token: Authorization: Bearer <api.token>');
    }
    await next();
  };
}

/**
 * Without a token only this machine may ask; and a web page that its owner visits must not, by a host name of its own
 * that resolves to 127.0.0.1 (DNS rebinding).
 */
export function requireLoopbackHost(): MiddlewareHandler {
  return async (c, next) => {
    if (!loopbackNames.has(hostNameOf(c.req.header('Host')))) {
      throw new HTTPException(403, {
        message: 'without an API token only http://127.0.0.1, http://localhost and http://[::1] are answered',
      });
    }
    await next();
  };
}

/** A form of another site can send a POST, but not with this content type unless we allowed it (CSRF). */
export function requireJson(): MiddlewareHandler {
  return async (c, next) => {
    const [type = ''] = (c.req.header('Content-Type') ?? '').split(';');
    if (!readingMethods.has(c.req.method) && type.trim().toLowerCase() !== 'application/json') {
      throw new HTTPException(415, { message: `${c.req.method} needs the header Content-Type: application/json` });
    }
    await next();
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function hostNameOf(host: string | undefined): string {
  return /^(\[[0-9a-f:]+\]|[^:]+)(:\d{1,5})?$/i.exec(host ?? '')?.[1]?.toLowerCase() ?? '';
}
