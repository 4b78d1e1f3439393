import { AppError } from '../../errors.ts';
import { listManifests } from '../../registry/archive/manifest.ts';
import type { WholeUnit } from '../../registry/archive/unit-record.ts';
import type { Registry } from '../../registry/registry.ts';
import { readManifest } from '../manifest/read-manifest.ts';

/**
 * That every part of the unit was proved and stands in a stored manifest, at the version that was proved: what is purged
 * must be found again by who has only the bucket.
 * @throws AppError ILLEGAL_STATE
 */
export async function requireRecorded(registry: Registry, unit: WholeUnit): Promise<void> {
  const manifests = await listManifests(registry, { source: unit.source, month: unit.month, state: 'STORED' });
  const newest = manifests.at(-1);
  const files = newest === undefined ? [] : readManifest(Buffer.from(newest.body)).manifest.files;
  for (const part of unit.parts) {
    const isRecorded = files.some(
      ({ s3_key, version_id, sha256 }) =>
        s3_key === part.key && version_id === part.versionId && sha256 === part.sha256,
    );
    if (part.state === 'VERIFIED' && isRecorded) continue;
    const why =
      part.state === 'VERIFIED' ? 'does not stand in a stored manifest yet' : `is ${part.state}, not VERIFIED`;
    throw new AppError(
      'ILLEGAL_STATE',
      `part ${part.key} ${why}: nothing of ${unit.schema}.${unit.table} ${unit.month} is purged`,
    );
  }
}
