import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPart } from '../../../src/parquet/read-part.ts';
import { metadataKeys } from '../../../src/parquet/write/part-metadata.ts';
import { openPartWriter } from '../../../src/parquet/write/part-writer.ts';
import { type ArchiveScene, archiveBucket, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { restore, said } from './restore-scene.ts';

interface Tampering {
  readonly name: string;
  readonly by: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  readonly said: RegExp;
  readonly isWrittenAnew?: boolean;
}

const unreadable = /^(PROOF_FAILED|PARQUET_INVALID|TEXT_INVALID)/;

const tamperings: readonly Tampering[] = [
  { name: 'a flipped bit of a row', by: (bytes) => flip(bytes, 300), said: unreadable },
  { name: 'a flipped bit of the footer', by: (bytes) => flip(bytes, bytes.length - 60), said: unreadable },
  { name: 'a lost end', by: (bytes) => bytes.subarray(0, -9), said: /^PROOF_FAILED .*size in bytes/ },
  {
    name: 'one value changed, and the file written anew with its own footer',
    by: (bytes) => writeAnew(bytes, (lines) => lines.replace('note 3', 'note 4')),
    said: /^PROOF_FAILED .*digest of the rows/,
    isWrittenAnew: true,
  },
  {
    name: 'the same rows in a file of other bytes',
    by: (bytes) => writeAnew(bytes, (lines) => lines),
    said: /^PROOF_FAILED .*SHA-256 of the file/,
    isWrittenAnew: true,
  },
];

describe('nothing is restored of an object that is not what was archived', () => {
  let scene: ArchiveScene;

  before(async () => {
    scene = await openArchiveScene();
    await makeLedger(scene, { months: ['2026-05'] });
    await scene.policies({ purge: true });
    await scene.run();
  });
  after(() => scene[Symbol.asyncDispose]());

  for (const tampering of tamperings) {
    test(tampering.name, async () => {
      const part = await partOf(scene);
      const whole = await scene.aws.admin.readObject(part);
      const body = await tampering.by(whole);
      await scene.aws.admin.damageObject({ ...part, body });
      // Whoever writes a file anew would know to make it as long as it was.
      const size = tampering.isWrittenAnew === true ? body.length : whole.length;
      await scene.registryQuery('update registry.archive_part set size_bytes = $1', [size]);
      const result = await restore(scene, { target: { kind: 'schema', schema: 'tampered' } });
      await scene.aws.admin.damageObject({ ...part, body: whole });
      await scene.registryQuery('update registry.archive_part set size_bytes = $1', [whole.length]);
      assert.match(said(result), tampering.said);
      assert.equal(result.restore.state, 'FAILED');
      assert.deepEqual(await scene.query('select from tampered.ledger'), []);
      assert.deepEqual(await scene.query('select from billvault_restore.restored_part'), []);
    });
  }
});

/** A part of the same columns and the same footer, with other rows or another compression. */
async function writeAnew(bytes: Uint8Array, change: (lines: string) => string): Promise<Uint8Array> {
  const source = { sizeBytes: bytes.length, read: async (start: number, end: number) => bytes.slice(start, end) };
  const part = await openPart(source);
  const chunks: Buffer[] = [];
  for await (const chunk of part.lines()) chunks.push(chunk);
  await using writer = openPartWriter({ columns: part.columns, compression: { codec: 'gzip', level: 9 } });
  await writer.write(Buffer.from(change(Buffer.concat(chunks).toString())));
  const own: ReadonlySet<string> = new Set(Object.values(metadataKeys));
  const written = await writer.finish(new Map([...part.metadata].filter(([key]) => !own.has(key))));
  await part.close();
  return Buffer.concat(written.chunks);
}

async function partOf(scene: ArchiveScene) {
  const [part] = await scene.registryQuery<{ key: string; version: string }>(
    'select key, version_id as version from registry.archive_part',
  );
  assert.ok(part);
  return { bucket: archiveBucket, key: part.key, versionId: part.version };
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}
