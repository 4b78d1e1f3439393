import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { sendOwnSpool } from '../../../src/archive/run/send-spooled.ts';
import { openSpool } from '../../../src/archive/upload/spool.ts';
import type { Step } from '../../../src/steps.ts';
import { atStep } from '../../support/archive-at-step.ts';
import {
  type ArchiveScene,
  type ArchiveSceneOptions,
  makeLedger,
  openArchiveScene,
} from '../../support/archive-scene.ts';
import { assertAddsUp, assertOnRecord, type Lines, tableLines, unitsOf } from '../../support/archive-truth.ts';
import { type FaultProxy, type ProxiedRequest, startFaultProxy } from '../../support/fault-proxy.ts';
import { type PostgresFault, type PostgresProxy, startPostgresProxy } from '../../support/postgres-proxy.ts';

/** One attempt within the SDK: what it would repeat is the archive's to survive. */
const aws = { maxAttempts: 1 } as const;
const rowsPerMonth = 40;

const isWrite = ({ method }: ProxiedRequest) => method === 'PUT' || method === 'POST';

describe('the bucket is out of reach', () => {
  test('without a spool the unit fails, keeps its rows, and is exported when the bucket is back', async () => {
    await using story = await openStory();
    const { scene, s3, written } = story;
    s3.inject({ action: { kind: 'status', status: 503, code: 'ServiceUnavailable' }, matches: isWrite, times: 1_000 });
    const { outcomes } = await scene.run();
    assert.deepEqual(
      outcomes.map(({ kind, failure }) => [kind, failure?.isTransient]),
      [['failed', true]],
    );
    assert.deepEqual(await tableLines(scene), written);
    s3.heal();
    await story.comeToEnd();
  });

  test('with a spool the parts wait on the disk, nothing is purged, and they are sent once the bucket is back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'billvault-spool-'));
    const spool = await openSpool({ folder, maxBytes: 64 * 1024 * 1024 });
    await using story = await openStory({ spool });
    const { scene, s3, written } = story;
    s3.inject({ action: { kind: 'status', status: 503, code: 'ServiceUnavailable' }, matches: isWrite, times: 1_000 });
    assert.deepEqual(
      (await scene.run()).outcomes.map(({ kind }) => kind),
      ['waiting'],
    );
    assert.deepEqual(
      (await scene.run()).outcomes.map(({ kind }) => kind),
      ['waiting'],
    );
    assert.equal((await spool.list()).length, 2);
    assert.deepEqual(await tableLines(scene), written);
    s3.heal();
    await story.comeToEnd();
    assert.deepEqual(await spool.list(), []);
    await rm(folder, { recursive: true });
  });

  test("what waits on a service's disk is sent by that service, whichever other one runs the archive; two that send at once send it once", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'billvault-spool-'));
    const spool = await openSpool({ folder, maxBytes: 64 * 1024 * 1024 });
    await using story = await openStory({ spool });
    const { scene, s3 } = story;
    s3.inject({ action: { kind: 'status', status: 503, code: 'ServiceUnavailable' }, matches: isWrite, times: 1_000 });
    await scene.run();
    const { signal } = new AbortController();
    await sendOwnSpool(scene.context, signal);
    assert.equal((await spool.list()).length, 2);
    s3.heal();
    await Promise.all([sendOwnSpool(scene.context, signal), sendOwnSpool(scene.context, signal)]);
    assert.deepEqual(await spool.list(), []);
    assert.deepEqual(
      (await unitsOf(scene)).flatMap(({ parts }) => parts.map(({ state }) => state)),
      ['STORED', 'STORED'],
    );
    await story.comeToEnd();
    await rm(folder, { recursive: true });
  });

  for (const [what, name] of [
    ['part', '.parquet'],
    ['manifest', 'manifest-'],
  ] as const) {
    test(`a ${what} whose put was answered to nobody is adopted by the next attempt: one version, not two for ten years`, async () => {
      await using story = await openStory();
      const { scene, s3 } = story;
      s3.inject({
        action: { kind: 'lose-answer' },
        matches: (request) => isWrite(request) && request.url.includes(name),
      });
      await scene.run().catch(() => undefined);
      await story.comeToEnd();
    });
  }
});

describe('the source database fails', () => {
  const deletion = 'with gone as (delete';
  const faults: readonly PostgresFault[] = [
    { statement: deletion, kind: 'cut-before-commit' },
    { statement: deletion, kind: 'lose-commit-answer' },
  ];
  for (const fault of faults) {
    test(`a purge's commit that was ${fault.kind}: the server is asked what became of it`, async () => {
      await using story = await openStory();
      const { scene, postgres } = story;
      postgres.inject(fault);
      const { outcomes } = await scene.run();
      assert.equal(postgres.hits(), 1);
      assert.equal(outcomes.at(-1)?.kind, 'failed');
      await story.comeToEnd();
      const departed = (await unitsOf(scene)).flatMap((unit) => unit.departed);
      assert.deepEqual(departed, []);
    });
  }

  for (const step of ['export.mid-copy', 'purge.deleted', 'purge.intended'] as const satisfies readonly Step[]) {
    test(`every backend terminated at ${step}`, async () => {
      await using story = await openStory();
      const { scene } = story;
      let terminated: Promise<unknown> | undefined;
      await atStep(
        step,
        () => {
          terminated = scene.query(
            `select pg_terminate_backend(pid) from pg_stat_activity
              where datname = current_database() and application_name like 'billvault%'`,
          );
        },
        () => scene.run(),
      ).catch(() => undefined);
      await terminated;
      await story.comeToEnd();
    });
  }
});

test('a registry that fails right after the source committed a purge: late rows come, and no purged row is taken for departed', async () => {
  await using story = await openStory();
  const { scene, written } = story;
  await scene.registryQuery(`create function registry.refuse_commit() returns trigger language plpgsql as
    'begin raise exception ''the registry is out of order''; end'`);
  await scene.registryQuery(`create trigger refuse_commit before update on registry.archive_deletion
    for each row when (new.state <> 'INTENDED') execute function registry.refuse_commit()`);
  assert.equal((await scene.run()).outcomes.at(-1)?.kind, 'failed');
  assert.ok((await tableLines(scene)).size < written.size);
  await scene.registryQuery('drop trigger refuse_commit on registry.archive_deletion');
  // As a process leaves it that is killed there: not failed, so that the late rows come first.
  await scene.registryQuery("update registry.archive_unit set state = 'VERIFIED' where state = 'FAILED'");
  const before = await tableLines(scene);
  await scene.query(
    `insert into ledger (account, amount, created_at)
     select 'late', i, '2026-05-01 00:00:01+00'::timestamptz + i * interval '1 minute' from generate_series(1, 60) i`,
  );
  const after = await tableLines(scene);
  const all = new Map([...written, ...[...after].filter(([line]) => !before.has(line))]);
  await story.comeToEnd(all);
  assert.deepEqual(
    (await unitsOf(scene)).flatMap((unit) => unit.departed),
    [],
  );
});

interface Story extends AsyncDisposable {
  readonly scene: ArchiveScene;
  readonly s3: FaultProxy;
  readonly postgres: PostgresProxy;
  readonly written: Lines;
  /** Runs until nothing is left to do; then every row is in one place, every object on record, once. */
  comeToEnd(written?: Lines): Promise<void>;
}

/** A month of two parts that is to be purged, with proxies before the bucket and the source database. */
async function openStory(options: ArchiveSceneOptions = {}): Promise<Story> {
  const proxies: { s3?: FaultProxy; postgres?: PostgresProxy } = {};
  const scene = await openArchiveScene({
    parallel: 1,
    settings: { rangeRows: 10 },
    aws,
    s3Endpoint: async (endpoint) => {
      proxies.s3 = await startFaultProxy(endpoint);
      return proxies.s3.endpoint;
    },
    sourceUrl: async (url) => {
      proxies.postgres = await startPostgresProxy(url);
      return proxies.postgres.url;
    },
    ...options,
  });
  const { s3, postgres } = proxies;
  assert.ok(s3 !== undefined && postgres !== undefined);
  await makeLedger(scene, { months: ['2026-05'], rowsPerMonth });
  await scene.policies({ purge: true, partRows: 20 });
  const written = await tableLines(scene);
  return {
    scene,
    s3,
    postgres,
    written,
    async comeToEnd(all = written) {
      const deadline = Date.now() + 10_000;
      for (;;) {
        const { outcomes } = await scene.run({ retryNow: true });
        if (outcomes.length === 0) break;
        assert.ok(Date.now() < deadline, JSON.stringify(outcomes.map(({ kind, failure }) => [kind, failure])));
      }
      assert.deepEqual(await tableLines(scene), new Map());
      await assertAddsUp(scene, all);
      await assertOnRecord(scene);
    },
    async [Symbol.asyncDispose]() {
      await scene[Symbol.asyncDispose]();
      await s3.close();
      await postgres.close();
    },
  };
}
