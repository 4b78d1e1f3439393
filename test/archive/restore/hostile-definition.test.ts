import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ensureTarget } from '../../../src/archive/restore/ensure-target.ts';
import { inSnapshot } from '../../../src/archive/source/source-transaction.ts';
import { readDefinition } from '../../../src/archive/source/table-definition.ts';
import { isAppError } from '../../../src/errors.ts';
import { openArchiveScene } from '../../support/archive-scene.ts';

test('a definition that was tampered with brings no second statement into the database that a table is made in', async () => {
  await using scene = await openArchiveScene();
  await scene.query('create table ledger (id int default 5, note text)');
  await scene.query('create table bystander (id int)');
  const { pool } = await scene.context.sources.open('ledger');
  const archived = await inSnapshot(pool, (client) => readDefinition(client, { schema: 'public', table: 'ledger' }));
  const [id, ...others] = archived.columns;
  assert.ok(id !== undefined);
  const hostile = { ...id, default: '5); drop table public.bystander; create table public.left_over (id int' };
  await assert.rejects(
    ensureTarget(pool, {
      target: { schema: 'public', table: 'again' },
      archived: { ...archived, columns: [hostile, ...others] },
    }),
    (error) => isAppError(error, 'SCHEMA_DRIFTED') && /multiple commands/.test(error.message),
  );
  const [there] = await scene.query(
    "select to_regclass('bystander') is not null as there, to_regclass('again') as made",
  );
  assert.deepEqual(there, { there: true, made: null });
});
