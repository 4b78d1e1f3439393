import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Config, readConfig, sourceUrl } from '../src/config.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'billvault-config-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function refusedSaying(environment: Record<string, string>, ...words: readonly RegExp[]): void {
  assert.throws(
    () => readConfig(environment, folder),
    (error: Error) => words.every((word) => word.test(error.message)) || assert.fail(error.message),
  );
}

test('with no setting at all everything has a default, on the loopback interface and the embedded PostgreSQL', () => {
  const config = readConfig({}, folder);
  assert.equal(config.database.url, undefined);
  assert.equal(config.api.host, '127.0.0.1');
  assert.equal(config.dataFolder, join(folder, '.billvault'));
});

test('the environment wins over billvault.yaml', () => {
  writeFileSync(join(folder, 'billvault.yaml'), 'api:\n  port: 1111\ningest:\n  settleDays: 5\n');
  const config = readConfig({ BILLVAULT_API_PORT: '2222' }, folder);
  assert.deepEqual([config.api.port, config.ingest.settleDays], [2222, 5]);
  rmSync(join(folder, 'billvault.yaml'));
});

test('a wrong setting is refused by its name and value, in the words of where it was set', () => {
  refusedSaying({ BILLVAULT_API_PORT: 'abc' }, /api\.port \(BILLVAULT_API_PORT\)/, /abc/);
  refusedSaying({ BILLVAULT_WORKERS: '-1' }, /service\.workers/, /-1/);
});

test('an unknown setting is refused by its name, wherever it stands', () => {
  refusedSaying({ BILLVAULT_FOO: '1' }, /BILLVAULT_FOO/, /BILLVAULT_API_PORT/);
  writeFileSync(join(folder, 'billvault.yaml'), 'ingest:\n  setleDays: 5\n');
  refusedSaying({}, /setleDays/);
  rmSync(join(folder, 'billvault.yaml'));
});

test('a wrong secret is refused without being shown', () => {
  const secret = 'hunter2-hunter2';
  refusedSaying({ BILLVAULT_API_TOKEN: secret.slice(0, 7) }, /api\.token/, /^(?!.*hunter2)/s);
  refusedSaying({ BILLVAULT_DATABASE_URL: `mysql://me:${secret}@db/x` }, /database\.url/, /^(?!.*hunter2)/s);
});

test('an API open to the network needs a token', () => {
  refusedSaying({ BILLVAULT_API_HOST: '0.0.0.0' }, /BILLVAULT_API_TOKEN/);
});

test('a config file that is named must be there', () => {
  refusedSaying({ BILLVAULT_CONFIG: 'nowhere.yaml' }, /nowhere\.yaml/);
});

const archiveYaml = `archive:
  destination: {bucket: my-archive, region: eu-central-1, prefix: /vault/}
  sources:
    ledger: {urlVariable: BILLVAULT_SOURCE_LEDGER_URL}
    other: {urlVariable: OTHER_URL}
  policies:
    - {name: ledger, source: ledger, tables: ['*_ledger'], timeColumn: created_at, classification: financial}
`;

/** Reads this as billvault.yaml. */
function fromYaml(content: string, environment: Record<string, string> = {}): Config {
  const path = join(folder, 'archive.yaml');
  writeFileSync(path, content);
  return readConfig({ ...environment, BILLVAULT_CONFIG: path }, folder);
}

function yamlRefusedSaying(content: string, environment: Record<string, string>, ...words: readonly RegExp[]): void {
  assert.throws(
    () => fromYaml(content, environment),
    (error: Error) => words.every((word) => word.test(error.message)) || assert.fail(error.message),
  );
}

test('without settings of its own there is no archive', () => {
  assert.equal(readConfig({}, folder).archive, undefined);
});

test('an archive needs its bucket and region; everything else has a default', () => {
  const { archive } = readConfig(
    { BILLVAULT_ARCHIVE_BUCKET: 'my-archive', BILLVAULT_ARCHIVE_REGION: 'eu-central-1' },
    folder,
  );
  assert.deepEqual(archive?.destination, {
    bucket: 'my-archive',
    region: 'eu-central-1',
    prefix: '',
    formerPrefixes: [],
    encryption: { algorithm: 'AES256', required: true },
    bypassRoles: [],
  });
  assert.deepEqual([archive?.parallel, archive?.rangeRows, archive?.policies], [4, 10_000, []]);
  refusedSaying(
    { BILLVAULT_ARCHIVE_BUCKET: 'my-archive' },
    /archive\.destination\.region \(BILLVAULT_ARCHIVE_REGION\)/,
  );
  refusedSaying(
    { BILLVAULT_ARCHIVE_SIGNING_KEY: 'of-no-use' },
    /BILLVAULT_ARCHIVE_SIGNING_KEY: set, but billvault.yaml has no section "archive"; the least is archive: /,
  );
  refusedSaying({ BILLVAULT_ARCHIVE_REGION: 'moon-1' }, /archive\.destination\.bucket/, /moon-1/);
});

test('settings of the archive are completed: its prefix without slashes, its endpoint that of S3, its spool a whole path', () => {
  const { archive } = fromYaml(archiveYaml, {
    BILLVAULT_AWS_S3_ENDPOINT: 'http://localhost:9000',
    BILLVAULT_ARCHIVE_SPOOL_FOLDER: 'spool',
    BILLVAULT_ARCHIVE_ENCRYPTION: 'aws:kms',
    BILLVAULT_ARCHIVE_ENCRYPTION_KEY_ID: 'alias/archive',
    BILLVAULT_ARCHIVE_ENCRYPTION_REQUIRED: 'false',
  });
  assert.equal(archive?.destination.prefix, 'vault');
  assert.equal(archive?.destination.endpoint, 'http://localhost:9000');
  assert.equal(archive?.spoolFolder, join(folder, 'spool'));
  assert.deepEqual(archive?.destination.encryption, { algorithm: 'aws:kms', keyId: 'alias/archive', required: false });
  assert.equal(archive?.policies[0]?.retentionYears, 10);
});

test('wrong settings of the archive are refused by name', () => {
  const destination = 'archive:\n  destination: {bucket: b-1, region: eu-central-1}\n';
  yamlRefusedSaying(destination, { BILLVAULT_ARCHIVE_PREFIX: 'a//b' }, /archive\.destination\.prefix/, /a\/\/b/);
  yamlRefusedSaying(destination, { BILLVAULT_ARCHIVE_WRITER_ROLE: 'writer' }, /archive\.destination\.writerRole\.arn/);
  yamlRefusedSaying(
    destination,
    { BILLVAULT_ARCHIVE_ENCRYPTION: 'aws:kms' },
    /archive\.destination\.encryption\.keyId/,
  );
  yamlRefusedSaying(destination, { BILLVAULT_ARCHIVE_RANGE_ROWS: '100001' }, /archive\.rangeRows.*100001/);
  yamlRefusedSaying(
    `${destination}  sources: {billvault: {urlVariable: X}}\n`,
    {},
    /archive\.sources/,
    /registry itself/,
  );
  yamlRefusedSaying(`${destination}  sources: {Ledger: {urlVariable: X}}\n`, {}, /archive\.sources/);
  yamlRefusedSaying(`${destination}  deny: ['.']\n`, {}, /archive\.deny/);
  yamlRefusedSaying(`${destination}  colour: red\n`, {}, /colour/);
});

test('a policy in billvault.yaml that is wrong, or of a source that is not there, is refused by its name', () => {
  yamlRefusedSaying(
    archiveYaml.replace('financial}', 'financial, retentionYears: 1}'),
    {},
    /policy ledger: retentionYears is 1/,
  );
  yamlRefusedSaying(
    archiveYaml.replace('source: ledger', 'source: lost'),
    {},
    /policy ledger: source is "lost"/,
    /ledger, other/,
  );
});

test('the URL of a source comes from the variable that it names; one that is not set is missed when it is needed', () => {
  const url = 'postgres://me:hunter2@db/ledger';
  const config = fromYaml(archiveYaml, { BILLVAULT_SOURCE_LEDGER_URL: url });
  assert.equal(sourceUrl(config, 'ledger'), url);
  assert.throws(() => sourceUrl(config, 'other'), /"other".*OTHER_URL/);
  assert.throws(() => sourceUrl(config, 'constructor'), /no source "constructor"/);
  refusedSaying({ BILLVAULT_SOURCE_LEDGER_URL: url }, /BILLVAULT_SOURCE_LEDGER_URL is not a setting/);
});

test('secrets of the archive are refused without being shown, wherever somebody put them', () => {
  const shy = /^(?!.*hunter2)/s;
  yamlRefusedSaying(
    archiveYaml,
    { OTHER_URL: 'mysql://me:hunter2@db/x' },
    /archive\.sources\.other \(OTHER_URL\)/,
    shy,
  );
  yamlRefusedSaying(archiveYaml.replace('OTHER_URL', 'postgres://me:hunter2@db/x'), {}, /archive\.sources\.other/, shy);
  yamlRefusedSaying(
    archiveYaml.replace('{urlVariable: OTHER_URL}', 'postgres://me:hunter2@db/x'),
    {},
    /archive\.sources\.other/,
    shy,
  );
  yamlRefusedSaying(`${archiveYaml}  signing: hunter2\n`, {}, /archive\.signing/, shy);
  const both = { BILLVAULT_ARCHIVE_SIGNING_KEY: 'hunter2', BILLVAULT_ARCHIVE_SIGNING_KMS_KEY_ID: 'alias/sign' };
  yamlRefusedSaying(archiveYaml, both, /BILLVAULT_ARCHIVE_SIGNING_KEY/, /only one/, shy);
  yamlRefusedSaying('database: postgres://me:hunter2@db/x\n', {}, /database/, shy);
});
