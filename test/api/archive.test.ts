import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { startApi } from '../../src/api/server.ts';
import { publicKeys } from '../../src/archive/manifest/public-keys.ts';
import { readManifest } from '../../src/archive/manifest/read-manifest.ts';
import { verifySignature } from '../../src/archive/manifest/signature.ts';
import { makeLedger } from '../support/archive-scene.ts';
import { type ArchiveApiScene, askOver, openArchiveApi } from './archive-api.ts';

const root = '/v1/archive';
const rowsPerMonth = 400;

let api: ArchiveApiScene;

before(async () => {
  api = await openArchiveApi();
  await makeLedger(api.scene, { months: ['2026-05', '2026-06', '2026-10'], rowsPerMonth });
  await makeLedger(api.scene, { months: ['2026-05'], rowsPerMonth, table: 'audit' });
  await api.scene.policies({ purge: true });
});
after(() => api[Symbol.asyncDispose]());

/** Asks for a run, and follows it to its end. */
async function run(body: object) {
  const asked = await api.ask('POST', `${root}/runs`, body);
  assert.equal(asked.status, 202, asked.text);
  return ended(asked.body.data.runId);
}

async function ended(runId: number) {
  const path = `${root}/runs/${runId}`;
  const answer = await api.until(path, ({ body }) => body.data.finishedAt !== null);
  return answer.body.data;
}

describe('the archive over HTTP', () => {
  test('policies of the API are made, changed and removed; those of the file are its own', async () => {
    const path = `${root}/policies/audits`;
    const policy = { source: 'ledger', tables: ['audit'], timeColumn: 'created_at', classification: 'audit' };
    const made = await api.ask('PUT', path, policy);
    assert.deepEqual([made.status, made.body.data.origin, made.body.data.retentionYears], [200, 'api', 7], made.text);
    const { body } = await api.ask('PUT', path, { ...policy, purge: true, schedule: '5 4 * * *' });
    assert.deepEqual(
      body.data.changes.map(({ field, loosens }: { field: string; loosens: string | null }) => [field, loosens]),
      [
        ['purge', 'rows will be deleted from the database'],
        ['schedule', null],
      ],
    );
    assert.equal((await api.ask('GET', path)).body.data.schedule, '5 4 * * *');
    const all = await api.ask('GET', `${root}/policies?limit=1`);
    assert.deepEqual([all.body.data.length, all.body.next], [1, 'audits']);
    const rest = await api.ask('GET', `${root}/policies?limit=1&cursor=${all.body.next}`);
    assert.deepEqual([rest.body.data[0].name, rest.body.data[0].origin, rest.body.next], ['ledgers', 'file', null]);
    const ofFile = await api.ask('DELETE', `${root}/policies/ledgers`);
    assert.deepEqual([ofFile.status, ofFile.body.error.code], [409, 'ILLEGAL_STATE']);
    const difference = await api.ask('GET', `${root}/policy-difference`);
    assert.deepEqual([difference.body.data.unchanged, difference.body.data.removed], [['ledgers'], []]);
    assert.equal((await api.ask('DELETE', path)).status, 200);
    assert.equal((await api.ask('GET', path)).status, 404);
    const audit = await api.ask('GET', '/v1/audit?subject=policy/audits');
    assert.deepEqual(
      audit.body.data.map(({ actor, action }: Record<string, string>) => `${actor} ${action}`),
      ['api policy.removed', 'api policy.applied', 'api policy.applied'],
    );
  });

  test('an inspection tells what is due, what it would weigh and cost, in exact numbers', async () => {
    const { status, body, text } = await api.ask('GET', `${root}/inspect?source=ledger&table=ledger`);
    assert.equal(status, 200, text);
    const { policy, timeColumn, inspection } = body.data;
    assert.deepEqual([policy, timeColumn], ['ledgers', 'created_at']);
    assert.deepEqual(inspection.due, { months: 2, rows: 2 * rowsPerMonth });
    assert.equal(typeof inspection.archive.bytes, 'number');
    assert.match(inspection.archive.monthlyDollars, /^\d+\.\d{9}$/);
  });

  test('a plan says what a run would do and why, page by page', async () => {
    const { body } = await api.ask('GET', `${root}/plan?source=ledger&limit=2`);
    const { entries, summary } = body.data;
    assert.deepEqual(
      entries.map(({ month, action, purges }: Record<string, unknown>) => [month, action, purges]),
      [
        ['2026-05', 'export', true],
        ['2026-06', 'export', true],
      ],
    );
    assert.match(entries[0].reasons[0].text, /^due since 2026-08-30/);
    assert.match(summary, /export 2 \(800 rows\)/);
    const rest = await api.ask('GET', `${root}/plan?source=ledger&limit=2&cursor=${body.next}`);
    assert.deepEqual([rest.body.data.entries[0].month, rest.body.next], ['2026-10', null]);
  });

  test('a hold is placed, stops a purge, and is released with a record', async () => {
    const placed = await api.ask('POST', `${root}/holds`, {
      source: 'ledger',
      table: 'public.ledger',
      from: '2026-06',
      to: '2026-06',
      reason: 'case 42',
    });
    assert.equal(placed.status, 201, placed.text);
    const { counts, errorCode } = await run({ source: 'ledger', from: '2026-06', to: '2026-06' });
    assert.deepEqual([counts.verified, counts.purged, errorCode], [1, 0, null]);
    const inForce = await api.ask('GET', `${root}/holds?source=ledger&inForce=true`);
    assert.deepEqual([inForce.body.data.length, inForce.body.data[0].reason], [1, 'case 42']);
    const release = `${root}/holds/${placed.body.data.id}/release`;
    const released = await api.ask('POST', release, { reason: 'closed' });
    assert.deepEqual([released.status, released.body.data.releasedBy], [200, 'api'], released.text);
    assert.equal((await api.ask('POST', release, { reason: 'closed' })).status, 409, 'once');
    assert.equal((await api.ask('GET', `${root}/holds?inForce=true`)).body.data.length, 0);
  });

  test('two runs of one source at once archive each row once', async () => {
    const body = { source: 'ledger', tables: ['public.ledger'], policies: ['ledgers'] };
    const asked = await Promise.all([1, 2].map(() => api.ask('POST', `${root}/runs`, body)));
    assert.deepEqual(
      asked.map(({ status }) => status),
      [202, 202],
    );
    const runs = await Promise.all(asked.map((answer) => ended(answer.body.data.runId)));
    assert.deepEqual(
      runs.map(({ errorCode, trigger, actor }) => [errorCode, trigger, actor]),
      [
        [null, 'api', 'api'],
        [null, 'api', 'api'],
      ],
      JSON.stringify(runs),
    );
    // Whichever found the table locked has left its months to the other, or to this one.
    await run(body);
    const { body: units } = await api.ask('GET', `${root}/units?source=ledger&table=public.ledger&state=PURGED`);
    assert.deepEqual(
      units.data.map(({ month, rows }: Record<string, unknown>) => `${month} ${rows}`).toSorted(),
      [`2026-05 ${rowsPerMonth}`, `2026-06 ${rowsPerMonth}`],
      JSON.stringify(units),
    );
    const audit = await api.ask('GET', '/v1/audit?subject=source/ledger&action=archive.run-asked&limit=1');
    assert.deepEqual(audit.body.data[0].detail, { tables: ['public.ledger'], policies: ['ledgers'] });
    const listed = await api.ask('GET', `${root}/runs?source=ledger&limit=2`);
    assert.equal(listed.body.data.length, 2);
    assert.notEqual(listed.body.next, null);
  });

  test('a unit is told in full, and what grows with its rows as counts', async () => {
    const { body } = await api.ask('GET', `${root}/units?limit=1`);
    const [{ id }] = body.data;
    assert.equal(body.next, id);
    const { data } = (await api.ask('GET', `${root}/units/${id}`)).body;
    assert.deepEqual([data.state, data.rangeCount, data.departedRows, data.partCount], ['PURGED', 1, 0, 1]);
    assert.equal(data.parts[0].rows, rowsPerMonth);
    assert.equal(data.parts[0].ranges, undefined);
    assert.match(data.parts[0].retainUntil, /^2036-0[67]-01T00:00:00\.000Z$/);
    assert.equal(data.deletions.length, 1);
    assert.deepEqual([data.deletions[0].state, data.deletions[0].rows], ['COMMITTED', rowsPerMonth]);
  });

  test('a manifest comes byte for byte, and its signature holds by the key that is given out', async () => {
    const { body } = await api.ask('GET', `${root}/manifests?source=ledger&limit=1`);
    const [{ source, sequence, sha256 }] = body.data;
    const { text, headers } = await api.ask('GET', `${root}/manifests/${source}/${sequence}`);
    assert.equal(headers.get('content-type'), 'application/json');
    assert.equal(createHash('sha256').update(text).digest('hex'), sha256);
    const key = await api.ask('GET', `${root}/key`);
    assert.equal(key.headers.get('content-type'), 'application/x-pem-file');
    verifySignature(readManifest(Buffer.from(text)).manifest, publicKeys([key.text]));
  });

  test('the status has every table and month, and when its next run is', async () => {
    const { body, text } = await api.ask('GET', `${root}/status?source=ledger`);
    const [ledger] = body.data;
    assert.deepEqual([ledger.table, ledger.policy, ledger.rows], ['ledger', 'ledgers', 2 * rowsPerMonth], text);
    assert.deepEqual([ledger.oldestUnarchivedMonth, ledger.nextRun], [null, '2026-12-02T03:00:00.000Z']);
    assert.deepEqual(
      ledger.months.map(({ month, state, purgedRows }: Record<string, unknown>) => [month, state, purgedRows]),
      [
        ['2026-05', 'PURGED', rowsPerMonth],
        ['2026-06', 'PURGED', rowsPerMonth],
      ],
    );
    const { tables, units, failedUnits, parts, rows } = body.totals;
    assert.deepEqual([tables, units, failedUnits, parts, rows], [1, 2, 0, 2, 2 * rowsPerMonth]);
    const narrow = await api.ask('GET', `${root}/status?table=public.ledger&from=2026-06`);
    assert.deepEqual([narrow.body.data[0].months.length, narrow.body.totals.rows], [1, rowsPerMonth]);
  });

  test('archived tables are described for the engine that is asked for', async () => {
    const { status, headers, text } = await api.ask('GET', `${root}/ddl/duckdb?source=ledger&table=ledger`);
    assert.deepEqual([status, headers.get('content-type')], [200, 'text/plain; charset=utf-8']);
    assert.match(text, /read_parquet/);
    assert.equal((await api.ask('GET', `${root}/ddl/duckdb?source=ledger&table=nothing`)).status, 404);
  });

  test('a validation is asked for and followed, and a list of them leaves out what they found', async () => {
    const asked = await api.ask('POST', `${root}/validations`, { selection: { source: 'ledger' }, level: 'full' });
    assert.equal(asked.status, 202, asked.text);
    const path = `${root}/validations/${asked.body.data.validationId}`;
    const { body } = await api.until(path, (answer) => answer.body.data.finishedAt !== null);
    assert.deepEqual([body.data.isClean, body.data.counts.full, body.data.findings], [true, 2, []]);
    const listed = await api.ask('GET', `${root}/validations`);
    assert.deepEqual([listed.body.data[0].id, listed.body.data[0].findings], [body.data.id, undefined]);
  });

  test('a restore is planned, done and found again; what has ended is not cancelled', async () => {
    const request = { source: 'ledger', selection: { from: '2026-05', to: '2026-05' } };
    const planned = await api.ask('POST', `${root}/restores/plan`, request);
    assert.equal(planned.status, 200, planned.text);
    const [table] = planned.body.data.tables;
    assert.deepEqual([table.parts, table.rows, table.firstMonth], [1, rowsPerMonth, '2026-05']);
    assert.match(planned.body.data.dollars, /^\d+\.\d{9}$/);
    assert.deepEqual((await api.ask('GET', `${root}/restores`)).body.data, [], 'a plan is no restore');
    const asked = await api.ask('POST', `${root}/restores`, request);
    assert.equal(asked.status, 202, asked.text);
    const path = `${root}/restores/${asked.body.data.restoreId}`;
    const { body } = await api.until(path, (answer) => answer.body.data.finishedAt !== null);
    const { state, rows, parts, plan, requestedBy } = body.data;
    assert.deepEqual([state, rows, parts, requestedBy], ['DONE', rowsPerMonth, { RESTORED: 1 }, 'api'], planned.text);
    assert.equal(plan.tables[0].rows, rowsPerMonth);
    const back = await api.scene.query("select count(*)::int as rows from ledger where created_at < '2026-06-01'");
    assert.deepEqual(back, [{ rows: rowsPerMonth }]);
    const cancelled = await api.ask('POST', `${path}/cancel`);
    assert.deepEqual([cancelled.status, cancelled.body.error.code], [409, 'ILLEGAL_STATE']);
    assert.equal((await api.ask('GET', `${root}/restores?state=DONE&source=ledger`)).body.data.length, 1);
  });

  test("the bucket's plan is looked at first, and only that plan is applied", async () => {
    const planned = await api.ask('GET', `${root}/bucket/plan`);
    assert.deepEqual([planned.status, planned.body.data.isFit], [200, false], planned.text);
    const other = await api.ask('POST', `${root}/bucket/apply`, { confirm: 'a'.repeat(64) });
    assert.deepEqual([other.status, other.body.error.code], [409, 'CONFLICT']);
    const applied = await api.ask('POST', `${root}/bucket/apply`, { confirm: planned.body.data.confirm });
    assert.deepEqual([applied.status, applied.body.data.after.isFit], [200, true], applied.text);
    const audit = await api.ask('GET', '/v1/audit?action=bucket.changed');
    assert.equal(audit.body.data[0].actor, 'api');
  });

  test('no answer holds a way into a database or a secret', async () => {
    const { hostname, port, password } = new URL(api.scene.sourceUrl);
    const paths = [
      'policies',
      'units',
      'units/1',
      'runs',
      'status',
      'plan?source=ledger',
      'inspect?source=ledger&table=ledger',
      'bucket/plan',
    ];
    for (const path of paths) {
      const { text } = await api.ask('GET', `${root}/${path}`);
      for (const secret of [`${hostname}:${port}`, password, 'postgres://', 'PRIVATE KEY'].filter(Boolean)) {
        assert.ok(!text.includes(secret), `${path} holds ${secret}`);
      }
    }
  });
});

describe('hostile and wrong input is refused by name, and changes nothing', () => {
  const hold = { source: 'ledger', reason: 'case 42' };
  const policy = { source: 'ledger', tables: ['audit'], timeColumn: 'created_at', classification: 'audit' };
  const cases: readonly (readonly [method: string, path: string, body: unknown, status: number, message: RegExp])[] = [
    ['GET', 'status?limit=101', undefined, 400, /^query: limit: give a whole number from 1 to 100/],
    ['GET', 'status?table=', undefined, 400, /^query: table: /],
    ['GET', 'status?from=2026-13', undefined, 400, /^query: from: give a month/],
    ['GET', 'status?from=2026-02&to=2026-01', undefined, 400, /2026-01 is before from/],
    ['GET', "status?source=ledger'--", undefined, 400, /^query: source: give a name/],
    ['GET', 'policies?source=nobody', undefined, 404, /no source "nobody"/],
    ['GET', 'policies/..%2f..%2fetc', undefined, 400, /^path: name: give a name/],
    ['GET', 'policies/none', undefined, 404, /no policy none/],
    ['PUT', 'policies/ledgers', policy, 409, /declared in billvault.yaml/],
    ['PUT', 'policies/bad', { ...policy, name: 'other' }, 400, /name: leave it out/],
    ['PUT', 'policies/bad', { ...policy, schedule: '61 * * * *' }, 400, /is no cron pattern/],
    ['PUT', 'policies/bad', { ...policy, retentionYears: 1 }, 400, /kept for/],
    ['PUT', 'policies/bad', { ...policy, source: 'nobody' }, 400, /archive.sources does not have/],
    ['PUT', 'policies/bad', { ...policy, timeColumn: 'a\0b' }, 400, /NUL/],
    ['PUT', 'policies/bad', '{"__proto__":{"source":"ledger"}}', 400, /policy bad/],
    ['PUT', 'policies/bad', [policy], 400, /^body: /],
    ['DELETE', 'policies/none', {}, 404, /no policy none/],
    ['GET', 'policy-difference?x=1', undefined, 400, /x/],
    ['GET', 'plan', undefined, 400, /^query: source: /],
    ['GET', 'plan?source=nobody', undefined, 404, /no source "nobody"/],
    ['GET', 'plan?source=ledger&retryNow=yes', undefined, 400, /^query: retryNow: /],
    ['GET', 'inspect?source=ledger', undefined, 400, /^query: table: /],
    ['GET', 'inspect?source=ledger&table=nothing', undefined, 404, /no table public.nothing/],
    ['GET', 'inspect?source=ledger&table=%22;drop%20table%20ledger', undefined, 404, /no table/],
    ['POST', 'runs', {}, 400, /^body: source: /],
    ['POST', 'runs', { source: 'nobody' }, 404, /no source "nobody"/],
    ['POST', 'runs', { source: 'ledger', policies: ['none'] }, 404, /source ledger has no policy none/],
    ['POST', 'runs', { source: 'ledger', tables: [] }, 400, /^body: tables: /],
    ['POST', 'runs', { source: 'ledger', tables: ['a\nb'] }, 400, /^body: tables.0: give schema.table/],
    ['POST', 'runs', { source: 'ledger', from: '2026-1' }, 400, /^body: from: give a month/],
    ['POST', 'runs', { source: 'ledger', retryNow: 'true' }, 400, /^body: retryNow: /],
    ['POST', 'runs', { source: 'ledger', url: 'postgres://x' }, 400, /url/],
    ['GET', 'runs/1e3', undefined, 400, /^path: id: give a whole number/],
    ['GET', 'runs/9007199254740991', undefined, 404, /no archive run 9007199254740991/],
    ['GET', 'units/-1', undefined, 400, /^path: id: /],
    ['GET', 'units/9007199254740991', undefined, 404, /no archive unit/],
    ['GET', 'units?state=GONE', undefined, 400, /^query: state: /],
    ['GET', 'units?limit=1&limit=2', undefined, 400, /limit: give it once/],
    ['GET', 'holds?cursor=2147483648', undefined, 400, /^query: cursor: /],
    ['POST', 'holds', { source: 'ledger' }, 400, /^body: reason: /],
    ['POST', 'holds', { ...hold, source: 'nobody' }, 404, /no source/],
    ['POST', 'holds', { ...hold, table: 'public.unheard_of' }, 404, /no table of ledger/],
    ['POST', 'holds', { ...hold, until: 'tomorrow' }, 400, /^body: until: give an instant/],
    ['POST', 'holds', { ...hold, until: '2020-01-01T00:00:00Z' }, 400, /over before it began/],
    ['POST', 'holds', { ...hold, from: '2026-06', to: '2026-05' }, 400, /before from/],
    ['POST', 'holds/2147483648/release', { reason: 'x' }, 400, /^path: id: /],
    ['POST', 'holds/2147483647/release', { reason: 'x' }, 404, /no hold 2147483647/],
    ['POST', 'holds/1/release', {}, 400, /^body: reason: /],
    ['GET', 'manifests/ledger/0', undefined, 400, /^path: sequence: /],
    ['GET', 'manifests/ledger/999', undefined, 404, /no manifest 999/],
    ['GET', 'manifests/%00/1', undefined, 400, /^path: source: /],
    ['GET', 'ddl/oracle?source=ledger&table=ledger', undefined, 400, /^path: dialect: /],
    ['GET', 'ddl/duckdb?source=ledger', undefined, 400, /^query: table: /],
    ['POST', 'validations', { level: 'deep' }, 400, /^body: level: /],
    ['POST', 'validations', { selection: { source: 'nobody' } }, 404, /no source "nobody"/],
    ['POST', 'validations', { selection: { tables: ['unheard_of'] } }, 404, /unheard_of/],
    ['GET', 'validations/999', undefined, 404, /no validation 999/],
    ['POST', 'restores/plan', {}, 400, /^restore: /],
    ['POST', 'restores/plan', { source: 'nobody' }, 404, /no source "nobody"/],
    ['POST', 'restores/plan', { source: 'ledger', target: { kind: 'itself', source: 'nobody' } }, 404, /no source/],
    ['POST', 'restores', { source: 'ledger', selection: { from: '1999-01', to: '1999-02' } }, 404, /nothing of ledger/],
    ['POST', 'restores', { source: 'ledger', selection: { parts: [1.5] } }, 400, /^restore: /],
    ['POST', 'restores', { source: 'ledger', target: { kind: 'schema', schema: 'a\0b' } }, 400, /NUL/],
    ['POST', 'restores', '{"source":', 400, /^the body is not JSON/],
    ['POST', 'restores', `{"source":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, 400, /levels deep/],
    ['POST', 'holds', { ...hold, reason: '\ud800' }, 400, /half a character/],
    ['GET', 'restores?state=done', undefined, 400, /^query: state: /],
    ['GET', 'restores/999', undefined, 404, /no restore 999/],
    ['POST', 'restores/999/cancel', {}, 404, /no restore 999/],
    ['POST', 'bucket/apply', {}, 400, /^body: confirm: /],
    ['DELETE', 'units/1', {}, 404, /there is no DELETE/],
    ['GET', 'nothing', undefined, 404, /there is no GET/],
  ];
  for (const [method, path, body, status, message] of cases) {
    const shown = JSON.stringify(body)?.slice(0, 60) ?? '';
    test(`${method} ${path} ${shown} → ${status}`, async () => {
      const answer = await api.ask(method, `${root}/${path}`, body);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.body.error.message, message);
    });
  }

  test('nothing of it came to be', async () => {
    for (const [list, expected] of [
      ['policies', 1],
      ['holds?inForce=true', 0],
      ['restores', 1],
      ['validations', 1],
    ] as const) {
      const { body } = await api.ask('GET', `${root}/${list}`);
      assert.equal(body.data.length, expected, list);
    }
  });
});

test('without a section "archive" every route says so', async () => {
  const settings = { host: '127.0.0.1', port: 0, token: undefined };
  const bare = await startApi({ ingest: api.ingest, settings, signal: new AbortController().signal });
  try {
    for (const [method, path] of [
      ['GET', root],
      ['GET', `${root}/status`],
      ['POST', `${root}/runs`],
      ['PUT', `${root}/policies/x`],
      ['GET', `${root}/manifests/ledger/1`],
    ] as const) {
      const { status, body } = await askOver(bare.url, method, path, {});
      assert.deepEqual([status, body.error.code], [404, 'NOT_FOUND'], path);
      assert.match(body.error.message, /no section "archive"/);
    }
  } finally {
    await bare.close();
  }
});
