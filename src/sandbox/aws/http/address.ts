import { isIP } from 'node:net';

/** What a request is addressed to: host and path of either style, taken apart. */
export interface Address {
  readonly bucket: string;
  /** Exactly as stored: may start with a slash, hold `//`, or be empty for the bucket itself. */
  readonly key: string;
  /** The region that the host names (`s3.eu-west-1.localhost`), if it names one. */
  readonly hostRegion: string | undefined;
}

const s3Host = /^(?:(?<bucket>.+)\.)?s3(?:[.-](?<region>[a-z]{2}(?:-[a-z]+)+-\d))?$/;

/**
 * Virtual-host style is understood below `localhost` only (`bucket.localhost`, `bucket.s3.localhost`,
 * `bucket.s3.eu-west-1.localhost`); any other host, such as a compose service's name, is path style.
 */
export function parseAddress(host: string, path: string): Address {
  const { bucket, hostRegion } = parseHost(host);
  if (bucket !== '') return { bucket, key: path.slice(1), hostRegion };
  const slash = path.indexOf('/', 1);
  if (slash === -1) return { bucket: path.slice(1), key: '', hostRegion };
  return { bucket: path.slice(1, slash), key: path.slice(slash + 1), hostRegion };
}

function parseHost(host: string): { readonly bucket: string; readonly hostRegion: string | undefined } {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (isIP(name) !== 0 || !name.endsWith('.localhost')) return { bucket: '', hostRegion: undefined };
  const below = name.slice(0, -'.localhost'.length);
  const match = s3Host.exec(below);
  if (match === null) return { bucket: below, hostRegion: undefined };
  return { bucket: match.groups?.['bucket'] ?? '', hostRegion: match.groups?.['region'] };
}
