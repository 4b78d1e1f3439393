import { createHash } from 'node:crypto';
import { AppError } from '../../errors.ts';
import { canonicalJson } from './canonical-json.ts';
import { checkJsonBounds } from './json-bounds.ts';
import { type Manifest, manifestShape } from './manifest.ts';

export interface ReadManifest {
  /** With every member that it has, also those that this version does not know. */
  readonly manifest: Manifest;
  /** Of the bytes. */
  readonly sha256: string;
}

/**
 * Reads a stored manifest; its signature is still to be verified. Only the exact canonical text is taken: a document that
 * two parsers could read differently (names twice, 1e2 for 100) is refused.
 * @throws AppError MANIFEST_INVALID
 */
export function readManifest(bytes: Uint8Array): ReadManifest {
  checkJsonBounds(bytes);
  const value = parse(bytes);
  const result = manifestShape.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new AppError(
      'MANIFEST_INVALID',
      `not a manifest: ${issue?.path.join('.') || 'it'} is wrong: ${issue?.message}`,
    );
  }
  if (!Buffer.from(`${canonicalJson(value)}\n`).equals(bytes)) {
    throw new AppError(
      'MANIFEST_INVALID',
      'the manifest is not in canonical form: it was changed after it was written',
    );
  }
  // The value itself, not the shape's copy: what the shape does not know is under the signature as well.
  return { manifest: value as Manifest, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new AppError('MANIFEST_INVALID', 'the manifest is not JSON in UTF-8', { cause });
  }
}
