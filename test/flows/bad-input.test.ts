import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { reprocessMany } from '../../src/ingest/reprocess.ts';
import { verifyFile } from '../../src/ingest/verify/verify-file.ts';
import { makeDelivery } from '../../src/sandbox/exports/delivery.ts';
import { makeZip } from '../fixtures/decode/zip-maker.ts';
import { Duck } from '../parquet/duckdb.ts';
import { handMade, textColumn } from '../parquet/hand-made.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { assertWhole, deliveriesOf, seen } from '../support/whole.ts';

const mebibyte = 1024 * 1024;
/** What the whole process may take while it refuses gigabytes; it stands at some 200 MB before. */
const maxRssBytes = 700 * mebibyte;

/** `text` and then a gigabyte of `filler`, in about a megabyte: gzip of many equal members. */
function gigabyteOf(text: string, filler: string): Buffer {
  const member = gzipSync(Buffer.alloc(16 * mebibyte, filler));
  return Buffer.concat([gzipSync(text), ...Array.from({ length: 64 }, () => member)]);
}

interface Bad {
  readonly name: string;
  readonly body: Uint8Array | string;
  readonly code: string;
  readonly says: RegExp;
}

const good = 'a,b\n1,2\n3,4\n';
const gz = gzipSync(good.repeat(1) + '5,6\n'.repeat(5_000));
const flipped = (bytes: Uint8Array, at: number) => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
};

const bad: readonly Bad[] = [
  { name: 'cut.csv.gz', body: gz.subarray(0, gz.length - 12), code: 'GZIP_INVALID', says: /cut\.csv\.gz/ },
  { name: 'flipped.csv.gz', body: flipped(gz, gz.length - 6), code: 'GZIP_INVALID', says: /flipped\.csv\.gz/ },
  { name: 'ragged.csv', body: 'a,b\n1,2\n3\n', code: 'CSV_RAGGED', says: /ragged\.csv, line 3 has 1 cells?/ },
  { name: 'long-row.csv', body: 'a,b\n1,2\n3,4,5\n', code: 'CSV_RAGGED', says: /long-row\.csv, line 3/ },
  { name: 'quote.csv', body: 'a,b\n1,"2\n3,4\n', code: 'CSV_INVALID', says: /quote\.csv.*line 2/ },
  { name: 'latin1.csv', body: Buffer.from('a,b\n1,caf\xe9\n', 'latin1'), code: 'TEXT_INVALID', says: /line 2/ },
  { name: 'nul.csv', body: 'a,b\n1,\0\n', code: 'TEXT_INVALID', says: /line 2.*NUL/ },
  { name: 'utf16.csv', body: Buffer.from('\ufeffa,b\n', 'utf16le'), code: 'TEXT_INVALID', says: /UTF-8/ },
  { name: 'png.csv', body: Buffer.from('89504e470d0a1a0a', 'hex'), code: 'TEXT_INVALID', says: /png\.csv, line 1/ },
  { name: 'binary.csv', body: Buffer.from('00000018', 'hex'), code: 'FORMAT_UNKNOWN', says: /binary\.csv/ },
  { name: 'page.parquet', body: '<html>not here</html>', code: 'FORMAT_UNKNOWN', says: /page\.parquet/ },
  { name: 'header.csv.gz', body: gigabyteOf('a', 'a'), code: 'HEADER_INVALID', says: /header\.csv\.gz.*longer than/ },
  { name: 'row.csv.gz', body: gigabyteOf('a,b\n1,', 'x'), code: 'ROW_TOO_LONG', says: /row\.csv\.gz, line 2/ },
  { name: 'bomb.csv.gz', body: gigabyteOf('a,b\n', '1,2\n'), code: 'EXPANDS_TOO_MUCH', says: /bomb\.csv\.gz/ },
  {
    name: 'bomb.zip',
    body: makeZip([{ name: 'a.csv', data: Buffer.alloc(80 * mebibyte, 'a,b\n') }]),
    code: 'EXPANDS_TOO_MUCH',
    says: /bomb\.zip/,
  },
  {
    name: 'cut.zip',
    body: makeZip([{ name: 'a.csv', data: good }]).subarray(0, 60),
    code: 'ZIP_INVALID',
    says: /cut\.zip/,
  },
  {
    name: 'lying.zip',
    body: makeZip([{ name: 'a.csv', data: good, crc32: 1 }]),
    code: 'ZIP_INVALID',
    says: /lying\.zip/,
  },
  {
    name: 'nul.parquet',
    body: handMade({ columns: [textColumn('tag', 'fine', 'a\0b')], rowCount: 2 }),
    code: 'TEXT_INVALID',
    says: /"tag", row 2/,
  },
  {
    name: 'liar.parquet',
    body: handMade({ columns: [textColumn('tag', 'a', 'b')], rowCount: 2, claimedRows: 2_000_000_000 }),
    code: 'PARQUET_INVALID',
    says: /liar\.parquet|rows/,
  },
  { name: 'magic.parquet', body: 'PAR1 and nothing PAR1', code: 'PARQUET_INVALID', says: /./ },
];

describe('a file that cannot be read fails by itself', { timeout: 180_000 }, () => {
  let scene: Scene;
  let peakRssBytes = 0;
  let watch: NodeJS.Timeout;
  const broken: unknown[] = [];
  const onBroken = (error: unknown) => void broken.push(error);

  before(async () => {
    scene = await openScene({ settings: { maxAttempts: 2 } });
    watch = setInterval(() => {
      peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
    }, 10);
    process.on('unhandledRejection', onBroken);
    process.on('uncaughtException', onBroken);
  });
  after(async () => {
    clearInterval(watch);
    process.off('unhandledRejection', onBroken);
    process.off('uncaughtException', onBroken);
    await scene[Symbol.asyncDispose]();
  });

  async function fileAt(key: string) {
    const [file] = await scene.query<{ id: string; status: string; code: string; text: string; attempts: number }>(
      `select id, status::text as status, error_code as code, error_text as text, attempts from registry.file
        where key = $1 order by id desc limit 1`,
      [key],
    );
    return file;
  }

  describe('with its code, and where the fault is', () => {
    before(async () => {
      const { bucket } = await scene.addClient('hostile');
      const neighbour = await scene.addClient('neighbour');
      for (const { name, body } of bad) await scene.put(bucket, `in/2024-01/${name}`, body);
      await scene.put(bucket, 'in/2024-01/good.csv', good);
      await scene.put(bucket, 'in/2024-02/good.csv', good);
      await scene.put(neighbour.bucket, 'in/2024-01/good.csv', good);
      peakRssBytes = process.memoryUsage.rss();
      for (const client of ['hostile', 'neighbour']) await scene.discover(client, { kind: 'files' });
      await scene.drain();
    });

    for (const { name, code, says } of bad) {
      test(name, async () => {
        const file = await fileAt(`in/2024-01/${name}`);
        assert.deepEqual([file?.status, file?.code], ['FAILED', code], file?.text);
        assert.match(file?.text ?? '', says);
        assert.ok((file?.text ?? '').length <= 4_000);
        // Permanent: trying it again would change nothing.
        assert.equal(file?.attempts, 1);
      });
    }

    test('the good files beside them, of other months and of other clients come in', async () => {
      assert.equal((await fileAt('in/2024-01/good.csv'))?.status, 'INGESTED');
      const states = async (client: string) =>
        (await deliveriesOf(scene, client)).map(({ period, state }) => `${period} ${state}`);
      assert.deepEqual(await states('hostile'), ['2024-01-01 PENDING', '2024-02-01 PUBLISHED']);
      assert.deepEqual(await states('neighbour'), ['2024-01-01 PUBLISHED']);
    });

    test('nothing of a delivery with a failed file can be seen', async () => {
      assert.equal((await seen(scene, 'hostile', 'none')).length, 1);
    });

    test('the service stays up, and its memory bounded', () => {
      assert.deepEqual(broken, []);
      assert.ok(peakRssBytes < maxRssBytes, `${Math.round(peakRssBytes / mebibyte)} MB`);
    });
  });

  test('a parquet that is broken anywhere ends as a code or comes in, and never ends the process', async () => {
    await using duck = await Duck.open();
    const path = await duck.write(
      'whole.parquet',
      `select range as id, 'text ' || (range % 7) as name, range * 1.5 as cost, map {'k': range} as tags from range(400)`,
      'row_group_size 100',
    );
    const whole = await readFile(path);
    const { bucket } = await scene.addClient('mutants');
    const places = Array.from({ length: 24 }, (_, n) => Math.floor((whole.length * (n + 0.5)) / 24));
    for (const at of places) await scene.put(bucket, `in/2024-01/${at}.parquet`, flipped(whole, at));
    for (const at of places.slice(0, 6)) await scene.put(bucket, `in/2024-01/cut-${at}.parquet`, whole.subarray(0, at));
    await scene.put(bucket, 'in/2024-01/whole.parquet', whole);
    await scene.discover('mutants', { kind: 'files' });
    await scene.drain();
    const files = await scene.query<{ key: string; status: string; code: string | null; text: string | null }>(
      `select f.key, f.status::text as status, f.error_code as code, f.error_text as text from registry.file f
         join registry.delivery d on d.id = f.delivery_id join registry.export e on e.id = d.export_id
         join registry.client c on c.id = e.client_id where c.name = 'mutants'`,
    );
    assert.equal(files.length, 31);
    const allowed = ['PARQUET_INVALID', 'PARQUET_UNSUPPORTED', 'TEXT_INVALID', 'EXPANDS_TOO_MUCH', null];
    assert.deepEqual(
      files.filter(({ status, code }) => status === 'NEW' || !allowed.includes(code)),
      [],
    );
    assert.equal(files.find(({ key }) => key.endsWith('whole.parquet'))?.status, 'INGESTED');
    assert.deepEqual(broken, []);
  });

  test('a corrupt chunk holds its delivery back until it is repaired in place and reprocessed', async () => {
    const { bucket } = await scene.addClient('repaired');
    const options = { layout: 'legacy-create-new', kind: 'cur-legacy', format: 'csv.gz', bucket } as const;
    const made = makeDelivery({
      ...options,
      prefix: 'aws',
      name: 'hourly',
      month: '2024-02',
      files: 3,
      rows: 90,
      seed: 'r',
    });
    await scene.deliver(bucket, made);
    const chunk = made.objects.filter(({ role }) => role === 'data')[1];
    assert.ok(chunk);
    await scene.put(bucket, chunk.key, gz.subarray(0, gz.length - 12));
    await scene.discover('repaired');
    await scene.drain();
    const failed = await fileAt(chunk.key);
    assert.deepEqual([failed?.status, failed?.code], ['FAILED', 'GZIP_INVALID'], failed?.text);
    assert.deepEqual(await seen(scene, 'repaired', 'lineItem/UnblendedCost'), []);

    const filter = { client: 'repaired', errorCode: 'GZIP_INVALID' } as const;
    await reprocessMany(scene.context, { filter, actor: 'alice' });
    await scene.drain();
    assert.equal((await fileAt(chunk.key))?.status, 'FAILED', 'not repaired yet');

    await scene.aws.admin.putObject({ bucket, key: chunk.key, body: chunk.body() });
    const { reprocessed } = await reprocessMany(scene.context, { filter, actor: 'alice' });
    assert.deepEqual(reprocessed, [Number(failed?.id)]);
    await scene.drain();
    await assertWhole(scene, 'repaired', { made, costColumn: 'lineItem/UnblendedCost' });
    const events = await scene.query(
      `select 1 from registry.audit_event where action = 'file.reprocessed' and actor = 'alice' and subject = $1`,
      [`file/${failed?.id}`],
    );
    assert.equal(events.length, 2);
  });

  test('a manifest that holds a NUL is refused, and the other months come in', async () => {
    const { bucket } = await scene.addClient('manifest');
    const options = { layout: 'legacy-create-new', kind: 'cur-legacy', format: 'csv.gz', bucket } as const;
    const make = (month: string) =>
      makeDelivery({ ...options, prefix: 'aws', name: 'hourly', month, files: 1, rows: 20, seed: 'm' });
    const fine = make('2024-01');
    const broken = make('2024-02');
    for (const made of [fine, broken]) await scene.deliver(bucket, made);
    for (const { key } of broken.objects.filter(({ role }) => role === 'manifest')) {
      const text = Buffer.from(await scene.aws.admin.readObject({ bucket, key })).toString();
      await scene.put(bucket, key, text.replace('.csv.gz"', '.csv.gz\\u0000"'));
    }
    const { warnings } = await scene.discover('manifest');
    assert.deepEqual([...new Set(warnings.map(({ code }) => code))], ['MANIFEST_INVALID']);
    assert.match(warnings[0]?.text ?? '', /NUL/);
    await scene.drain();
    await assertWhole(scene, 'manifest', { made: fine, costColumn: 'lineItem/UnblendedCost' });
  });

  test('keys of any characters come in; one that PostgreSQL cannot hold keeps no other out', async () => {
    const { bucket } = await scene.addClient('keys');
    const names = [
      '"; drop table x; --',
      "it's",
      'line\nbreak',
      'tab\t',
      '../../etc/passwd',
      '%00',
      '+ &?#=',
      '🧾',
      'é',
      'x'.repeat(900),
    ];
    for (const name of names) await scene.put(bucket, `in/2024-01/${name}.csv`, good);
    await scene.put(bucket, 'in/2024-01/nul\0.csv', good);
    const { filesRegistered, warnings } = await scene.discover('keys', { kind: 'files' });
    assert.equal(filesRegistered, names.length, JSON.stringify(warnings));
    assert.deepEqual(
      warnings.map(({ code, subject }) => [code, subject]),
      [['KEY_HOLDS_NUL', JSON.stringify('in/2024-01/nul\0.csv')]],
    );
    await scene.drain();
    const files = await scene.query<{ key: string; status: string; text: string | null }>(
      `select f.key, f.status::text as status, f.error_text as text from registry.file f
         join registry.delivery d on d.id = f.delivery_id join registry.export e on e.id = d.export_id
         join registry.client c on c.id = e.client_id where c.name = 'keys' and f.status <> 'INGESTED'`,
    );
    assert.deepEqual(files, []);
  });

  test('what was tampered with in the database is found by verify, cell by cell', async () => {
    const { bucket } = await scene.addClient('tampered');
    await scene.put(bucket, 'in/2024-01/a.csv', 'a,b\n1,\n3,""\n');
    await scene.put(bucket, 'in/2024-01/b.parquet', handMade({ columns: [textColumn('a', 'x', 'y')], rowCount: 2 }));
    const { exports } = await scene.discover('tampered', { kind: 'files' });
    await scene.drain();
    const table = `raw_tampered.${exports[0]?.tableName}`;
    const verify = async (key: string) => {
      const file = await fileAt(key);
      const { ok, differences } = await verifyFile(scene.context, { fileId: Number(file?.id) });
      return { ok, differences };
    };
    assert.deepEqual(await verify('in/2024-01/a.csv'), { ok: true, differences: [] });
    await scene.query(`update ${table} set b = '' where a = '1'`);
    assert.deepEqual(await verify('in/2024-01/a.csv'), {
      ok: false,
      differences: [{ row: 1, column: 'b', file: null, database: '' }],
    });
    await scene.query(`update ${table} set a = 'z' where a = 'y'`);
    assert.deepEqual(await verify('in/2024-01/b.parquet'), {
      ok: false,
      differences: [{ row: 2, column: 'a', file: 'y', database: 'z' }],
    });
    await scene.query(`delete from ${table} where a = 'z'`);
    assert.equal((await verify('in/2024-01/b.parquet')).ok, false);
  });
});
