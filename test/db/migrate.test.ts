import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { migrate } from '../../src/db/migrate.ts';
import { createPool } from '../../src/db/pool.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let directory: string;

before(async () => {
  database = await openTestDatabase();
  directory = mkdtempSync(join(tmpdir(), 'billvault-migrations-'));
  add('0001_first', 'create table shop.a (id int)');
  add('0002_second', 'alter table shop.a add column b text');
});

after(async () => {
  rmSync(directory, { recursive: true, force: true });
  await database.drop();
});

function add(name: string, sql: string): void {
  mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(join(directory, name, 'migration.sql'), sql);
}

function run(): Promise<readonly string[]> {
  const pool = createPool({ url: database.url, max: 1, applicationName: 'test' });
  return migrate(pool, { directory, schema: 'shop' }).finally(() => pool.end());
}

test('ten processes that start at once apply every migration exactly once', async () => {
  const applied = await Promise.all(Array.from({ length: 10 }, run));
  assert.deepEqual(applied.flat().sort(), ['0001_first', '0002_second']);
});

test('a migration that was changed after it was applied is refused by name', async () => {
  add('0002_second', 'alter table shop.a add column c text');
  await assert.rejects(run(), { code: 'CONFLICT', message: /0002_second/ });
  add('0002_second', 'alter table shop.a add column b text');
});

test('a failing migration leaves nothing behind, and the next start tries it again', async () => {
  add('0003_third', 'create table shop.c (id int); select nonsense');
  await assert.rejects(run(), { code: 'DATABASE' });
  add('0003_third', 'create table shop.c (id int)');
  assert.deepEqual(await run(), ['0003_third']);
});

test('a database of a newer version is refused', async () => {
  rmSync(join(directory, '0003_third'), { recursive: true });
  await assert.rejects(run(), { code: 'CONFLICT', message: /0003_third.*newer version/ });
});
