import { AppError, toAppError } from '../../errors.ts';
import { openPart } from '../../parquet/read-part.ts';
import type { Manifest, ManifestFile } from '../manifest/manifest.ts';
import { checkCancelled } from './check-cancelled.ts';
import { LocalFile } from './local-file.ts';
import { proveLines } from './prove-lines.ts';

export interface CheckPartRequest {
  readonly folder: string;
  readonly path: string;
  readonly file: ManifestFile;
  readonly manifest: Pick<Manifest, 'source' | 'period'>;
  /** Whether its rows are decoded, too. */
  readonly isDeep: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * @returns why the file is not the part that the manifest names; undefined: it is
 * @throws AppError CANCELLED
 */
export async function checkPart(request: CheckPartRequest): Promise<string | undefined> {
  const { signal } = request;
  try {
    await provePart(request);
    return undefined;
  } catch (error) {
    // Whatever a hostile file makes the decoder do is the file's fault.
    const { code, message } = toAppError(error);
    checkCancelled(signal);
    return code === 'PROOF_FAILED' ? message : `${code}: ${message}`;
  }
}

async function provePart({ folder, path, file, manifest, isDeep, signal }: CheckPartRequest): Promise<void> {
  await using local = await LocalFile.open(folder, path);
  requireEqual('its size in bytes', local.sizeBytes, file.size_bytes);
  requireEqual('its SHA-256', await local.sha256(signal), file.sha256);
  if (!isDeep) return;
  const part = await openPart(local, { signal });
  try {
    await proveLines(part, file, manifest);
  } finally {
    await part.close();
  }
}

function requireEqual(what: string, found: string | number, expected: string | number): void {
  if (found !== expected) throw new AppError('PROOF_FAILED', `${what} is ${found}, the manifest says ${expected}`);
}
