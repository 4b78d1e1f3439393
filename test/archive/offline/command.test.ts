import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { generateSigningKey, openKeySigner } from '../../../src/archive/manifest/key-signer.ts';
import type { FolderVerification } from '../../../src/archive/offline/verify-folder.ts';
import { runWith } from '../../cli/world.ts';
import { MadeArchive, madeLines, madePart } from './made-archive.ts';

const key = generateSigningKey();
const part = await madePart({ month: '2026-01', lines: madeLines('2026-01', 25) });

suite('billvault verify', () => {
  test('needs no settings; ends with 0 for a whole archive and with 6 for any other', async () => {
    using archive = new MadeArchive(openKeySigner(key.privateKeyPem));
    await archive.add('2026-01', [part]);
    using elsewhere = new MadeArchive(openKeySigner(key.privateKeyPem));
    writeFileSync(elsewhere.at('key.pub'), key.publicKeyPem);
    const verify = (...options: string[]) =>
      runWith(['verify', '--offline', archive.folder, '--public-key', elsewhere.at('key.pub'), ...options], {
        // Were it read, it would be refused.
        environment: { BILLVAULT_DATABASE_URL: 'nonsense' },
        folder: elsewhere.folder,
      });
    const head = archive.manifests[0]?.sha256 ?? '';

    const whole = await verify('--head', head);
    assert.deepEqual([whole.code, whole.stderr], [0, '']);
    assert.match(whole.stdout, /rows proved +25 in 1 part\n/);
    assert.match(whole.stdout, /\n1 manifest, 1 part, 25 rows: all proved\n$/);
    assert.match(whole.stdout, new RegExp(`shop +1 +by --head +${head}`));

    const json = JSON.parse((await verify('--json', '--no-deep')).stdout) as FolderVerification;
    assert.deepEqual([json.ok, json.files, json.deepFiles], [true, 1, 0]);

    const shallow = await verify('--no-deep');
    assert.match(
      shallow.stdout,
      /\n1 manifest, 1 part: the bytes of all are right; rows were not decoded \(--no-deep\)\n$/,
    );

    rmSync(archive.at(part.file.s3_key));
    const damaged = await verify();
    assert.doesNotMatch(damaged.stdout, /all proved/);
    assert.equal(damaged.code, 6);
    assert.match(damaged.stdout, new RegExp(`FILE_MISSING +${part.file.s3_key} +part 1 of public.ledger is missing`));
    assert.match(damaged.stderr, /^error PROOF_FAILED/);

    assert.equal((await verify('--head', 'abc')).code, 2);
    assert.equal((await verify('--head', '0'.repeat(64))).code, 6);
  });
});
