import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { leastSection } from '../../src/archive/configuration.ts';
import { readConfig } from '../../src/config.ts';
import { type ArchiveCliWorld, openArchiveCliWorld } from './archive-world.ts';
import { runWith } from './world.ts';

describe('wrong usage of the archive ends with the code that says whose fault it is, and what to do', () => {
  let world: ArchiveCliWorld;
  before(async () => {
    world = await openArchiveCliWorld();
    await world.run('policy', 'apply');
  });
  after(() => world[Symbol.asyncDispose]());

  const why = ['--reason', 'x'];
  const unknownSource = /^error NOT_FOUND: archive\.sources has no source "ledgre": it has ledger, billvault/;
  const cases: readonly (readonly [args: readonly string[], code: number, stderr: RegExp])[] = [
    [['plan', '--source', 'ledgre'], 3, unknownSource],
    [['run', '--table', 'ledgre/public.charges'], 3, unknownSource],
    [['inspect', 'ledgre'], 3, unknownSource],
    [['units', '--source', 'ledgre'], 3, unknownSource],
    [['runs', '--source', 'ledgre'], 3, unknownSource],
    [['status', '--source', 'ledgre'], 3, unknownSource],
    [['verify', '--source', 'ledgre'], 3, unknownSource],
    [['policies', '--source', 'ledgre'], 3, unknownSource],
    [['manifest', 'list', '--source', 'ledgre'], 3, unknownSource],
    [['hold', 'list', '--source', 'ledgre'], 3, unknownSource],
    [['ddl', 'duckdb', 'ledgre'], 3, unknownSource],
    [['hold', 'place', '--source', 'ledgre', ...why], 3, /^error NOT_FOUND: there is no source database ledgre/],
    [['plan', '--month', '2026-13'], 2, /Give a month, such as 2026-01/],
    [['plan', '--month', '2026-01', '--from', '2026-01'], 2, /give --month, or --from and --to/],
    [['run', '--from', '2026-03', '--to', '2026-01'], 2, /--to is 2026-01, before --from/],
    [['plan', '--source', 'ledger', '--table', 'other/public.x'], 2, /--table names the source other/],
    [['plan', '--table', 'ledger/'], 2, /Give SOURCE\/SCHEMA\.TABLE/],
    [['units', '--table', 'ledger/public.*'], 2, /Give one table by its name/],
    [['units', '--state', 'BROKEN'], 2, /Give one of PLANNED, EXPORTED, VERIFIED, PURGED, FAILED/],
    [['unit', 'show', '99'], 3, /^error NOT_FOUND: there is no archive unit 99/],
    [['inspect', 'ledger/public.nothing'], 3, /^error NOT_FOUND: source ledger has no table public\.nothing/],
    [['inspect', 'ledger/public/x'], 3, /has no table/],
    [['manifest', 'show', '1'], 3, /^error NOT_FOUND: there are no manifests yet/],
    [['manifest', 'show', '1', '--source', 'ledger'], 3, /^error NOT_FOUND: the chain of ledger has no manifest 1/],
    [['ddl', 'oracle'], 2, /Give one of athena, duckdb, trino/],
    [['ddl', 'duckdb'], 3, /^error NOT_FOUND: nothing of it is archived yet/],
    [['verify', '--level', 'deep'], 2, /Give one of head, sample, full/],
    [['verify', '--table', 'ledger/public.nothing'], 3, /^error NOT_FOUND: no table of ledger/],
    [['hold', 'place', '--source', 'ledger'], 2, /required option '--reason/],
    [['hold', 'place', ...why], 2, /say what is held/],
    [['hold', 'place', '--source', 'ledger', '--until', '2027-02-30', ...why], 2, /Give a date/],
    [['hold', 'place', '--source', 'ledger', '--until', '2001-01-01', ...why], 2, /would be over before it began/],
    [['hold', 'place', '--table', 'ledger/public.nothing', ...why], 3, /is no table of ledger/],
    [['hold', 'release', '9', ...why], 3, /^error NOT_FOUND: there is no hold 9/],
    [['restore', 'plan'], 2, /say what comes back/],
    [['restore', 'plan', '--source', 'ledger'], 3, /^error NOT_FOUND: nothing of ledger is archived/],
    [['restore', 'plan', '--source', 'ledger', '--conflict', 'ignore'], 2, /Give one of fail, skip, overwrite/],
    [['restore', 'plan', '--source', 'ledger', '--into-schema', 'a', '--into-table', 'b.c'], 2, /not both/],
    [['restore', 'start', '--source', 'ledger', '--into-source', 'ledgre'], 3, unknownSource],
    [['restore', 'show', '9'], 3, /^error NOT_FOUND: there is no restore 9/],
    [['policy', 'plan', '--file', 'nowhere.yaml'], 2, /^error BAD_CONFIG: .*nowhere\.yaml cannot be read/],
    [['key', 'new'], 2, /required option '--out/],
    [['key', 'new', '--out', 'no/such/folder/key.pem'], 2, /cannot be written/],
  ];
  for (const [args, code, stderr] of cases) {
    test(`billvault archive ${args.join(' ')} → ${code}`, async () => {
      const outcome = await world.run(...args);
      assert.equal(outcome.code, code, outcome.stdout + outcome.stderr);
      assert.match(outcome.stderr, stderr);
      assert.equal(outcome.stdout, '');
    });
  }

  test('a table that no policy reaches is named, by plan and by run', async () => {
    const made = await world.run('bucket', 'apply', '--yes');
    assert.equal(made.code, 0, made.stderr);
    for (const command of ['plan', 'run']) {
      const outcome = await world.run(command, '--table', 'ledger/public.events');
      assert.equal(outcome.code, 3, outcome.stderr);
      assert.match(
        outcome.stderr,
        /^error NOT_FOUND: no policy reaches the table public\.events.*archive policy apply/,
      );
    }
    const status = await world.run('status', '--table', 'ledger/public.nope');
    assert.equal(status.code, 3);
    assert.match(status.stderr, /^error NOT_FOUND: nothing is known of a table public\.nope/);
  });

  test('a policy with a slip in its time column ends a run with 6, and says what to do', async () => {
    const section =
      'archive: {destination: {bucket: acme-archive, region: eu-west-1}, sources: {ledger: {urlVariable: LEDGER_DATABASE_URL}}, policies: [{name: slip, source: ledger, tables: [public.charges], timeColumn: creatd_at, classification: audit}]}';
    writeFileSync(join(world.folder, 'slip.yaml'), section);
    assert.equal((await world.run('policy', 'apply', '--file', 'slip.yaml')).code, 0);
    const outcome = await world.run('run');
    assert.equal(outcome.code, 6, outcome.stderr);
    assert.match(
      outcome.stdout,
      /public\.charges .*failed .*POLICY_INVALID: has no column "creatd_at": set timeColumn/,
    );
    assert.match(
      outcome.stderr,
      /^note: billvault\.yaml differs from the policies that are applied \(charges, slip\)[^\n]*\nerror FILES_FAILED: one table or month failed: each says why above/,
    );
    assert.equal((await world.run('policy', 'apply')).code, 0);
  });

  test('policies of another file replace those that were applied; a wrong one is refused by name', async () => {
    const section = (tables: string, schedule = '0 3 2 * *') =>
      `archive: {destination: {bucket: acme-archive, region: eu-west-1}, sources: {ledger: {urlVariable: LEDGER_DATABASE_URL}}, policies: [{name: events, source: ledger, tables: [${tables}], timeColumn: created_at, classification: audit, schedule: "${schedule}"}]}`;
    writeFileSync(join(world.folder, 'other.yaml'), section('public.events'));
    const plan = await world.run('policy', 'plan', '--file', 'other.yaml');
    assert.match(plan.stdout, /^\+ events: public\.events of ledger\n- charges: /);
    writeFileSync(join(world.folder, 'other.yaml'), section('public.events', '99 3 2 * *'));
    const wrong = await world.run('policy', 'apply', '--file', 'other.yaml');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /^error BAD_INPUT: schedule "99 3 2 \* \* *" is no cron pattern/);
    writeFileSync(join(world.folder, 'other.yaml'), section('public.api_tokens'));
    assert.equal((await world.run('policy', 'apply', '--file', 'other.yaml')).code, 0);
    const denied = await world.run('plan');
    assert.match(denied.stdout, /denied by "\*_tokens": never archived/);
    const { stdout } = await world.run('status');
    assert.match(stdout, /events +ledger +20\d\d-.* TABLE_DENIED: policy events .*public\.api_tokens.*\*_tokens/s);
    const { refused } = await world.json<{ readonly refused: readonly Record<string, unknown>[] }>('status');
    assert.deepEqual(
      refused.map(({ policy, source, code }) => [policy, source, code]),
      [['events', 'ledger', 'TABLE_DENIED']],
    );
  });

  test('without a section archive every command says so, with the least that it takes; a key can be made before', async () => {
    const { LEDGER_DATABASE_URL: _, BILLVAULT_ARCHIVE_SIGNING_KEY: __, ...environment } = world.environment;
    const at = { environment: { ...environment, BILLVAULT_CONFIG: 'empty.yaml' }, folder: world.folder };
    writeFileSync(join(world.folder, 'empty.yaml'), '');
    const commands = [
      ['plan'],
      ['run'],
      ['inspect'],
      ['policies'],
      ['policy', 'apply'],
      ['status'],
      ['units'],
      ['verify'],
      ['bucket', 'check'],
      ['hold', 'list'],
      ['restore', 'list'],
      ['manifest', 'list'],
      ['key', 'show'],
      ['ddl', 'duckdb'],
    ];
    for (const command of commands) {
      const outcome = await runWith(['archive', ...command], at);
      assert.equal(outcome.code, 2, command.join(' '));
      assert.match(
        outcome.stderr,
        /^error BAD_CONFIG: billvault\.yaml has no section "archive"; the least is archive: /,
      );
    }
    assert.equal((await runWith(['archive', 'key', 'new', '--out', 'first.pem'], at)).code, 0);
    writeFileSync(join(world.folder, 'least.yaml'), leastSection);
    const { archive } = readConfig({ BILLVAULT_CONFIG: 'least.yaml' }, world.folder);
    assert.deepEqual(
      archive?.policies.map(({ name }) => name),
      ['ledgers'],
    );
  });

  test('one source that cannot be asked fails by itself, with the code of what is wrong', async () => {
    const environment = { ...world.environment, LEDGER_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
    const outcome = await runWith(['archive', 'run'], { environment, folder: world.folder });
    assert.equal(outcome.code, 7, outcome.stderr);
    assert.match(outcome.stderr, /^error DATABASE_UNAVAILABLE: source database ledger/m);
  });
});
