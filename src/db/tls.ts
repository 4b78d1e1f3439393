import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { AppError, toAppError } from '../errors.ts';

/** How to connect: the URL without what it says of TLS, and that as the driver takes it. */
export interface Connection {
  readonly connectionString: string;
  /** Absent: as the URL and the driver's environment say, without TLS if they say nothing. */
  readonly ssl?: ConnectionOptions | false;
}

const parameters = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const;
type Parameter = (typeof parameters)[number];

/** Each of them checks the certificate and the name in it: what is less protects from nobody who stands between. */
const checkingModes: ReadonlySet<string> = new Set(['prefer', 'require', 'verify-ca', 'verify-full']);
/** libpq's word for the authorities that the system trusts; Node has its own list of them. */
const systemAuthorities = 'system';

/**
 * Reads what a connection string says of TLS. Files are read once, here.
 * @throws AppError BAD_CONFIG for a mode that does not exist, and a file that cannot be read
 */
export function readTls(url: string): Connection {
  // What is no URL (a socket's path) says nothing of TLS; and who asks for libpq's own meaning gets the driver's.
  if (!URL.canParse(url)) return { connectionString: url };
  const parsed = new URL(url);
  const given = new Map(parameters.map((name) => [name, parsed.searchParams.get(name) ?? undefined]));
  if (parsed.searchParams.has('uselibpqcompat') || [...given.values()].every((value) => value === undefined)) {
    return { connectionString: url };
  }
  for (const name of parameters) parsed.searchParams.delete(name);
  return { connectionString: parsed.href, ssl: settingsOf(given) };
}

function settingsOf(given: ReadonlyMap<Parameter, string | undefined>): ConnectionOptions | false {
  const mode = given.get('sslmode') ?? 'verify-full';
  if (mode === 'disable') return false;
  if (mode !== 'no-verify' && !checkingModes.has(mode)) {
    throw new AppError(
      'BAD_CONFIG',
      `sslmode=${mode} in the database's URL: one of disable, require, verify-full (the same as require) or no-verify`,
    );
  }
  const authorities = given.get('sslrootcert');
  return {
    ...file('ca', 'sslrootcert', authorities === systemAuthorities ? undefined : authorities),
    ...file('cert', 'sslcert', given.get('sslcert')),
    ...file('key', 'sslkey', given.get('sslkey')),
    ...(mode === 'no-verify' ? { rejectUnauthorized: false } : {}),
  };
}

function file(option: 'ca' | 'cert' | 'key', name: Parameter, path: string | undefined): ConnectionOptions {
  if (path === undefined) return {};
  try {
    return { [option]: readFileSync(path, 'utf8') };
  } catch (cause) {
    const text = `${name}=${path} in the database's URL cannot be read: ${toAppError(cause).message}`;
    throw new AppError('BAD_CONFIG', text, { cause });
  }
}

/** Codes of Node (from OpenSSL's X509_V_ERR_…) for a certificate that is not taken. */
const certificateCodes: ReadonlySet<string> = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'INVALID_CA',
  'PATH_LENGTH_EXCEEDED',
  'INVALID_PURPOSE',
]);

/** What to say of an error of TLS; undefined: it is none. */
export function explainTls(error: Error): string | undefined {
  const code = 'code' in error ? String(error.code) : '';
  if (certificateCodes.has(code)) {
    return `the server's certificate is not trusted (${error.message}): give its authority's certificate as sslrootcert=FILE in the URL`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the server's certificate is for another name (${error.message}): connect by a name that is in it`;
  }
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_OSSL_'))
    return `TLS with the server failed: ${error.message}`;
  if (error.message === 'The server does not support SSL connections') {
    return 'the server takes no TLS connections, and sslmode in the URL asks for one: set up TLS there, or sslmode=disable within a network that you trust';
  }
  return undefined;
}
