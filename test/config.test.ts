import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readConfig } from '../src/config.ts';

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
