import { createHash } from 'node:crypto';
import { AppError } from '../../errors.ts';
import { canonicalJson } from './canonical-json.ts';
import { contradictionsOf } from './contradictions.ts';
import { digestRules } from './digest-rules.ts';
import { maxManifestBytes } from './json-bounds.ts';
import { archiveVersion, type Manifest, type ManifestContent, manifestShape } from './manifest.ts';
import { schemaVersion } from './schema-version.ts';
import { signedMessage } from './signature.ts';
import type { Signer } from './signer.ts';

export interface ManifestBytes {
  /** Exactly what is stored: canonical JSON and a newline. */
  readonly bytes: Buffer;
  /** Of these bytes: what the next manifest of the chain names. */
  readonly sha256: string;
  readonly manifest: Manifest;
}

/**
 * Signs a manifest and gives the bytes to store.
 * @throws AppError MANIFEST_INVALID when the content is not of the shape or contradicts itself: nothing is signed then
 */
export async function manifestBytes(content: ManifestContent, signer: Signer): Promise<ManifestBytes> {
  const unsigned = {
    ...content,
    archive_version: archiveVersion,
    schema_version: schemaVersion(content.definitions),
    digest_rules: digestRules,
    signing_public_key: signer.publicKeyPem,
  };
  requireSound(unsigned);
  const value = Buffer.from(await signer.sign(signedMessage(unsigned))).toString('base64');
  const manifest = { ...unsigned, signature: { algorithm: 'Ed25519' as const, key_id: signer.keyId, value } };
  const bytes = Buffer.from(`${canonicalJson(manifest)}\n`);
  if (bytes.length > maxManifestBytes) {
    throw new AppError(
      'MANIFEST_INVALID',
      `the manifest of ${content.source} ${content.period} would have ${bytes.length} bytes, more than ${maxManifestBytes}: set larger ranges`,
    );
  }
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), manifest };
}

function requireSound(unsigned: Omit<Manifest, 'signature'>): void {
  const name = `the manifest of ${unsigned.source} ${unsigned.period}`;
  const result = manifestShape.omit({ signature: true }).safeParse(unsigned);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new AppError('MANIFEST_INVALID', `${name} is wrong at ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const [contradiction] = contradictionsOf(unsigned);
  if (contradiction !== undefined) throw new AppError('MANIFEST_INVALID', `${name}: ${contradiction}`);
}
