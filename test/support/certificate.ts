import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate with its private key, as PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Who may sign others. */
export interface Authority extends Certificate {
  issue(names: readonly AlternativeName[], validity?: Validity): Certificate;
}

/** A host's name, or its IPv4 address. */
export type AlternativeName = { readonly dns: string } | { readonly ip: string };

export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

const always: Validity = { from: new Date('2020-01-01T00:00:00Z'), to: new Date('2049-01-01T00:00:00Z') };

/** A new authority that nobody trusts yet. */
export function makeAuthority(name: string): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const issuer = { name, key: keys.privateKey };
  const certificate = certify({ issuer, subject: name, publicKey: keys.publicKey, validity: always, names: undefined });
  return {
    certificate,
    privateKey: pemOf(keys.privateKey),
    issue(names, validity = always) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      return {
        certificate: certify({ issuer, subject: 'server', publicKey, validity, names }),
        privateKey: pemOf(privateKey),
      };
    },
  };
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

interface Certify {
  readonly issuer: { readonly name: string; readonly key: KeyObject };
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly validity: Validity;
  /** Undefined: an authority's own. */
  readonly names: readonly AlternativeName[] | undefined;
}

/** RFC 5280, section 4.1; signed with ECDSA and SHA-256. */
function certify({ issuer, subject, publicKey, validity, names }: Certify): string {
  const algorithm = sequence(objectId(1, 2, 840, 10045, 4, 3, 2));
  const isAuthority = names === undefined;
  const extensions = [
    extension(objectId(2, 5, 29, 19), sequence(...(isAuthority ? [der(0x01, Buffer.from([0xff]))] : []))),
    ...(isAuthority ? [] : [extension(objectId(2, 5, 29, 17), sequence(...names.map(alternativeName)))]),
  ];
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    distinguishedName(issuer.name),
    sequence(time(validity.from), time(validity.to)),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', content, issuer.key);
  const whole = sequence(content, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return der(0x30, ...contents);
}

function objectId(first: number, second: number, ...rest: readonly number[]): Buffer {
  const bytes = rest.flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return der(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, der(0x04, value));
}

function distinguishedName(common: string): Buffer {
  return sequence(der(0x31, sequence(objectId(2, 5, 4, 3), der(0x0c, Buffer.from(common)))));
}

/** UTCTime, which reaches to 2049. */
function time(instant: Date): Buffer {
  return der(0x17, Buffer.from(`${instant.toISOString().slice(2, 19).replace(/\D/g, '')}Z`));
}

function alternativeName(name: AlternativeName): Buffer {
  return 'dns' in name ? der(0x82, Buffer.from(name.dns)) : der(0x87, Buffer.from(name.ip.split('.').map(Number)));
}
