import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { generateSigningKey, openKeySigner } from '../../../src/archive/manifest/key-signer.ts';
import type { ManifestFile } from '../../../src/archive/manifest/manifest.ts';
import { publicKeys } from '../../../src/archive/manifest/public-keys.ts';
import { type FolderVerification, verifyFolder } from '../../../src/archive/offline/verify-folder.ts';
import { isAppError } from '../../../src/errors.ts';
import { sha256 } from '../manifest/made-manifest.ts';
import { MadeArchive, type MadePart, madeLines, madePart } from './made-archive.ts';

const key = generateSigningKey();
const signer = openKeySigner(key.privateKeyPem);
const otherSigner = openKeySigner(generateSigningKey().privateKeyPem);

const january = await madePart({ month: '2026-01', lines: madeLines('2026-01', 35) });
const late = await madePart({ month: '2026-01', lines: madeLines('2026-01', 2, 900), part: 2 });
const february = await madePart({ month: '2026-02', lines: madeLines('2026-02', 12) });

/** Two months, the first with a further part: three manifests. */
async function wholeArchive(): Promise<MadeArchive> {
  const archive = new MadeArchive(signer);
  await archive.add('2026-01', [january]);
  await archive.add('2026-02', [february]);
  await archive.add('2026-01', [january, late]);
  return archive;
}

function verify(
  folder: string,
  { heads = [], isDeep = true, now = '2026-03-01' }: { heads?: readonly string[]; isDeep?: boolean; now?: string } = {},
): Promise<FolderVerification> {
  return verifyFolder({ folder, keys: publicKeys([key.publicKeyPem]), heads, isDeep, now: new Date(now) });
}

function found({ findings }: FolderVerification): readonly string[] {
  return findings.map(({ code, path }) => `${code} ${path}`);
}

/** Verifies after something was done to the whole archive. */
async function after(damage: (archive: MadeArchive) => unknown): Promise<FolderVerification> {
  using archive = await wholeArchive();
  await damage(archive);
  return await verify(archive.folder);
}

async function rewrite(archive: MadeArchive, part: MadePart, bytes: Buffer): Promise<void> {
  await archive.write(part.file.s3_key, bytes);
}

suite('verify --offline', () => {
  test('a whole archive is proved, every row of it', async () => {
    using archive = await wholeArchive();
    const head = archive.manifests[2]?.sha256 ?? '';
    const verification = await verify(archive.folder, { heads: [head] });
    assert.deepEqual(verification.findings, []);
    const { ok, manifests, parts, files, deepFiles, rows, otherFiles, sources } = verification;
    assert.deepEqual(
      { ok, manifests, parts, files, deepFiles, rows, otherFiles },
      { ok: true, manifests: 3, parts: 3, files: 3, deepFiles: 3, rows: 49, otherFiles: 0 },
    );
    assert.deepEqual(sources, [{ source: 'shop', manifests: 3, head, isAnchored: true, expired: [] }]);
  });

  test('it is found wherever in its prefix the download began, and even without the rows being decoded', async () => {
    using archive = await wholeArchive();
    for (const folder of [archive.folder, archive.at('archive')]) {
      const verification = await verify(folder, { isDeep: false });
      assert.deepEqual(verification.findings, []);
      assert.deepEqual([verification.files, verification.deepFiles, verification.rows], [3, 0, 0]);
    }
  });

  test('a part that is missing, cut or changed in one bit is named', async () => {
    const { s3_key: path } = january.file;
    assert.deepEqual(found(await after((archive) => rmSync(archive.at(path)))), [`FILE_MISSING ${path}`]);
    const cut = await after((archive) => truncateSync(archive.at(path), january.bytes.length - 1));
    assert.deepEqual(found(cut), [`PROOF_FAILED ${path}`]);
    for (const position of [0, 40, Math.floor(january.bytes.length / 2), january.bytes.length - 6]) {
      const flipped = Buffer.from(january.bytes);
      flipped[position] = (flipped[position] ?? 0) ^ 1;
      assert.deepEqual(found(await after((archive) => rewrite(archive, january, flipped))), [`PROOF_FAILED ${path}`]);
    }
    assert.equal((await after((archive) => rewrite(archive, january, late.bytes))).ok, false);
  });

  test('a part moved elsewhere is missing there and too much here', async () => {
    const { s3_key: path } = january.file;
    const moved = path.replace('month=01', 'month=02');
    const verification = await after((archive) => renameSync(archive.at(path), archive.at(moved)));
    assert.deepEqual(found(verification), [`FILE_MISSING ${path}`, `PROOF_FAILED ${moved}`]);
  });

  test('a parquet file more, which queries would read, is found; a file of another kind is counted', async () => {
    const extra = january.file.s3_key.replace('part-0001', 'part-0009');
    assert.deepEqual(found(await after((archive) => archive.write(extra, january.bytes))), [`PROOF_FAILED ${extra}`]);
    const verification = await after((archive) => archive.write('README.txt', Buffer.from('ours')));
    assert.deepEqual([verification.ok, verification.otherFiles], [true, 1]);
  });

  test('every manifest that is missing or changed is found, the last one by the head', async () => {
    using archive = await wholeArchive();
    const [first, second, third] = archive.manifests;
    assert.ok(first && second && third);
    for (const [manifest, after] of [
      [first, second],
      [second, third],
    ] as const) {
      rmSync(archive.at(manifest.path));
      assert.ok(found(await verify(archive.folder)).includes(`CHAIN_BROKEN ${after.path}`));
      await archive.write(manifest.path, manifest.bytes);
    }
    await archive.write(second.path, Buffer.from(second.bytes.toString().replace('"SOX"', '"SOY"')));
    assert.deepEqual(found(await verify(archive.folder)), [
      `SIGNATURE_INVALID ${second.path}`,
      `CHAIN_BROKEN ${third.path}`,
      `PROOF_FAILED ${february.file.s3_key}`,
    ]);
    await archive.write(second.path, second.bytes.subarray(1));
    assert.ok(found(await verify(archive.folder)).includes(`MANIFEST_INVALID ${second.path}`));
    await archive.write(second.path, second.bytes);

    rmSync(archive.at(third.path));
    rmSync(archive.at(late.file.s3_key));
    assert.deepEqual(found(await verify(archive.folder)), [], 'a cut-off end does not show by itself');
    assert.deepEqual(found(await verify(archive.folder, { heads: [third.sha256] })), ['CHAIN_BROKEN ']);
  });

  test('manifests may be gone once their retention is over, as the next one says; before that they are missed', async () => {
    using archive = new MadeArchive(signer);
    await archive.add('2026-01', [january]);
    await archive.add('2026-02', [february], '2028-02-01T00:00:00.000Z');
    await archive.add('2026-01', [january, late], '2030-02-01T00:00:00.000Z');
    const [first, second, third] = archive.manifests;
    assert.ok(first && second && third);
    const expired = async (options: Parameters<typeof verify>[1]) => {
      const verification = await verify(archive.folder, { isDeep: false, ...options });
      return [...found(verification), ...verification.sources.flatMap((source) => source.expired)];
    };
    rmSync(archive.at(first.path));
    assert.deepEqual(await expired({ now: '2028-01-31' }), [`CHAIN_BROKEN ${second.path}`]);
    assert.deepEqual(await expired({ now: '2028-02-01' }), [{ from: 1, to: 1, until: '2028-02-01T00:00:00.000Z' }]);

    rmSync(archive.at(second.path));
    rmSync(archive.at(february.file.s3_key));
    assert.deepEqual(
      await expired({ now: '2028-02-01' }),
      [`CHAIN_BROKEN ${third.path}`],
      'the second should be there',
    );
    const both = { from: 1, to: 2, until: '2030-02-01T00:00:00.000Z' };
    assert.deepEqual(await expired({ now: '2030-02-01' }), [both]);
    assert.deepEqual(await expired({ now: '2030-02-01', heads: [second.sha256] }), [both], 'the third names it');
    assert.deepEqual(await expired({ now: '2030-02-01', heads: [first.sha256] }), ['CHAIN_BROKEN ', both]);

    await archive.write(first.path, first.bytes);
    assert.deepEqual(await expired({ now: '2030-02-01' }), [{ ...both, from: 2 }]);
    rmSync(archive.at(first.path));
    const forged = third.bytes.toString().replace('2030-02-01T00:00:00.000Z', '2027-02-01T00:00:00.000Z');
    await archive.write(third.path, Buffer.from(forged));
    assert.deepEqual((await expired({ now: '2028-02-01' })).slice(0, 2), [
      `SIGNATURE_INVALID ${third.path}`,
      `CHAIN_BROKEN ${third.path}`,
    ]);
  });

  test('an archive rewritten whole with another key proves nothing', async () => {
    using archive = new MadeArchive(otherSigner);
    await archive.add('2026-01', [january]);
    await archive.add('2026-02', [february]);
    const verification = await verify(archive.folder);
    assert.equal(verification.files, 0);
    assert.deepEqual(
      found(verification).slice(0, 2),
      archive.manifests.map(({ path }) => `SIGNATURE_INVALID ${path}`),
    );
  });

  test('an empty folder, or one without manifests, is no proved archive', async () => {
    using archive = new MadeArchive(signer);
    assert.deepEqual(found(await verify(archive.folder)), ['CHAIN_BROKEN ']);
    await archive.write(january.file.s3_key, january.bytes);
    assert.equal((await verify(archive.folder)).ok, false);
    await assert.rejects(verify(archive.at('nowhere')), (error) => isAppError(error, 'BAD_INPUT'));
  });

  test('a signed manifest that drops a part of the one before it is found', async () => {
    using archive = await wholeArchive();
    await archive.add('2026-01', [january]);
    assert.match((await verify(archive.folder)).findings[0]?.text ?? '', /no longer names .*part-0002/);
  });

  test('a signed manifest over rows or a footer that are others is found by decoding, and only so', async () => {
    const lines = madeLines('2026-01', 35);
    const { ranges, columns } = january.file;
    const otherDigest = late.file.digest;
    const otherRanges = ranges.map((range, i) => (i === 2 ? { ...range, sha256: otherDigest } : range));
    const saying = async (footer: object, file: Partial<ManifestFile> = {}): Promise<MadePart> => {
      const part = await madePart({ month: '2026-01', lines }, footer);
      return { ...part, file: { ...part.file, ...file } };
    };
    const wrong: readonly (readonly [RegExp, MadePart])[] = [
      [/digest of its rows/, await saying({ digest: otherDigest }, { digest: otherDigest })],
      [/digest of its range 3/, await saying({ ranges: otherRanges }, { ranges: otherRanges })],
      [/its columns/, await saying({}, { columns: columns.map((column) => ({ ...column, parquet_type: 'text' })) })],
      [/month in its footer/, await saying({ month: '2026-02' })],
      [/source in its footer/, await saying({ source: 'other' })],
      [/digest in its footer/, await saying({ digest: otherDigest })],
      [/ranges in its footer/, await saying({ ranges: otherRanges })],
    ];
    for (const [text, part] of wrong) {
      using archive = new MadeArchive(signer);
      await archive.add('2026-01', [part]);
      assert.equal((await verify(archive.folder, { isDeep: false })).ok, true);
      const [finding] = (await verify(archive.folder)).findings;
      assert.equal(finding?.path, part.file.s3_key);
      assert.match(finding.text, text);
    }
  });

  test('what is no parquet file at all is a finding, and does not end the verification', async () => {
    const bytes = Buffer.from('PAR1 nothing PAR1');
    using archive = new MadeArchive(signer);
    await archive.add('2026-01', [
      { bytes, file: { ...january.file, sha256: sha256(bytes), size_bytes: bytes.length } },
    ]);
    await archive.add('2026-02', [february]);
    const verification = await verify(archive.folder);
    assert.deepEqual(found(verification), [`PROOF_FAILED ${january.file.s3_key}`]);
    assert.match(verification.findings[0]?.text ?? '', /PARQUET_INVALID/);
    assert.equal(verification.rows, 12);
  });

  test('parts may be gone once their lock has ended', async () => {
    using archive = await wholeArchive();
    rmSync(archive.at(january.file.s3_key));
    const verification = await verify(archive.folder, { now: '2036-02-01' });
    assert.deepEqual([verification.ok, verification.expired], [true, 1]);
  });

  test('nothing outside of the folder is read, whatever links and keys say', async () => {
    using archive = await wholeArchive();
    using outside = new MadeArchive(signer);
    await outside.write('part.parquet', january.bytes);
    const { s3_key: path } = january.file;
    rmSync(archive.at(path));
    symlinkSync(outside.at('part.parquet'), archive.at(path));
    mkdirSync(archive.at('loops'));
    symlinkSync(archive.folder, archive.at('loops/again'));
    assert.deepEqual(
      found(await verify(archive.folder)).toSorted(),
      [`FILE_MISSING ${path}`, `FORMAT_UNKNOWN ${path}`, 'FORMAT_UNKNOWN loops/again'].toSorted(),
    );

    const up = `../${outside.folder.split('/').at(-1)}/part.parquet`;
    for (const s3_key of [up, join(outside.folder, 'part.parquet'), `archive/../${up}`]) {
      using climbing = new MadeArchive(signer);
      await climbing.addManifest('2026-01', [{ ...january.file, s3_key }]);
      const verification = await verify(climbing.folder);
      assert.deepEqual(found(verification), [`FILE_MISSING ${s3_key}`]);
    }
  });

  test('a manifest of hostile size or nesting is a finding', async () => {
    using archive = await wholeArchive();
    await archive.write('archive/_manifests/x/manifest-000009.json', Buffer.alloc(2_000_000, '['));
    await archive.write('archive/_manifests/y/manifest.json', Buffer.alloc(0));
    truncateSync(archive.at('archive/_manifests/y/manifest.json'), 2 ** 40);
    assert.deepEqual(found(await verify(archive.folder)), [
      'MANIFEST_INVALID archive/_manifests/x/manifest-000009.json',
      'MANIFEST_INVALID archive/_manifests/y/manifest.json',
    ]);
  });
});
