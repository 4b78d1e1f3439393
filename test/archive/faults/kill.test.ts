import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { monthEnd } from '../../../src/archive/month.ts';
import { archiveSteps } from '../../../src/steps.ts';
import { type CopiedDatabases, copiedDatabases, inDatabase } from '../../support/archive-databases.ts';
import { type KillAt, runArchiveChild } from '../../support/archive-run-child.ts';
import { type ArchiveScene, openArchiveScene } from '../../support/archive-scene.ts';
import {
  assertAddsUp,
  assertCovers,
  assertOnRecord,
  essence,
  type Lines,
  type OneTable,
  tableLines,
  unitsOf,
} from '../../support/archive-truth.ts';
import type { EndedChild } from '../../support/run-child.ts';

/** The month that is due, in two parts, and one that is not. */
const rowsOf = { '2026-05': 50, '2026-10': 5 } as const;

interface Story {
  readonly name: string;
  readonly table: string;
  readonly policy: Readonly<Record<string, unknown>>;
  /** Archived and purged before; then rows come late, and the run that is killed archives them. */
  readonly isFurther?: boolean;
  readonly killAt: readonly KillAt[];
}

const stories: readonly Story[] = [
  {
    name: 'a first export of several parts, and its purge',
    table: 'ledger',
    policy: { purge: true },
    killAt: [
      'unit.begun',
      'export.mid-copy',
      'part.before-intent@2',
      'part.intended@2',
      'part.uploaded',
      'part.stored@2',
      'export.copied',
      'unit.exported',
      'part.proved@2',
      'part.verified',
      'unit.verified',
      'manifest.before-prepare',
      'manifest.prepared',
      'manifest.uploaded',
      'manifest.stored',
      'purge.before-delete@2',
      'purge.deleted',
      'purge.intended@2',
      'purge.committed',
      'purge.settled@3',
      'unit.purged',
    ],
  },
  {
    name: 'a further part of late rows, and its purge',
    table: 'ledger',
    policy: { purge: true },
    isFurther: true,
    killAt: ['further.begun', 'part.intended', 'part.uploaded', 'purge.committed'],
  },
  {
    name: "the detachment of a month's partition",
    table: 'parted',
    policy: { purge: true },
    killAt: ['purge.intended', 'purge.committed'],
  },
  {
    name: 'a purge into the undo window',
    table: 'ledger',
    policy: { purge: true, undoDays: 7 },
    killAt: ['purge.committed@2'],
  },
  {
    name: "a partition's way into the undo window",
    table: 'parted',
    policy: { purge: true, undoDays: 7 },
    killAt: ['purge.committed'],
  },
];

interface Case {
  readonly story: Story;
  readonly killAt: KillAt | undefined;
  readonly source: string;
}

/** Of every story one that nothing disturbs, to compare with. */
const cases: readonly Case[] = stories.flatMap((story, s) =>
  [undefined, ...story.killAt].map((killAt, k): Case => ({ story, killAt, source: `s${s}-k${k}` })),
);

interface Outcome {
  readonly child: EndedChild | undefined;
  readonly written: Lines;
  readonly url: string;
}

/** Children at a time: one a core. */
const parallel = 2;
/** A killed process's session is noticed by its server at once, but not by the next instruction. */
const busyMillis = 10_000;

describe('an archive killed at any step loses no row and stores none twice', { timeout: 240_000 }, () => {
  let scene: ArchiveScene;
  let databases: CopiedDatabases;
  const outcomes = new Map<Case, Outcome>();

  before(async () => {
    scene = await openArchiveScene({ parallel: 1, settings: { rangeRows: 10 } });
    databases = await copiedDatabases(scene.sourceUrl, fill);
    // Ends in peace and leaves what it compiled to those that will not.
    await runArchiveChild(scene, { source: 'ledger', sourceUrl: scene.sourceUrl, task: 'nothing' });
    await scene.policies(
      ...cases.map(({ story, source }) => ({
        name: source,
        source,
        tables: [`public.${story.table}`],
        partRows: 30,
        ...story.policy,
      })),
    );
    const queue = [...cases];
    await Promise.all(
      Array.from({ length: parallel }, async () => {
        for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
          outcomes.set(one, await perform(scene, one, await databases.copy()));
        }
      }),
    );
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
    await databases[Symbol.asyncDispose]();
  });

  test('every step of the archive is one at which it is killed', () => {
    const killed = new Set(cases.flatMap(({ killAt }) => killAt?.split('@')[0] ?? []));
    // Restores, repairs, recoveries and longer locks are killed in tests of their own.
    const steps = archiveSteps.filter((step) => !/^(restore|repair|recover|lock)\./.test(step));
    assert.deepEqual([...killed].sort(), [...steps].sort());
  });

  for (const story of stories) {
    const table = `public.${story.table}`;
    const [control, ...killed] = cases.filter((one) => one.story === story);
    const source = control?.source ?? '';

    test(`${story.name}, undisturbed: every row is in one place`, async () => {
      await assertAddsUp(scene, outcomeOf(control).written, { source, table });
      await assertOnRecord(scene, { source });
    });

    for (const one of killed) {
      test(`${story.name}, killed at ${one.killAt}, is in the end what it is undisturbed`, async () => {
        const { child, url } = outcomeOf(one);
        assert.equal(child?.signal, 'SIGKILL', `it was not killed: ${JSON.stringify(child)}`);
        await assertOnRecord(scene, one);
        // Parts are read back and proved by their run: where their digests are the same, so are the rows in the bucket.
        assert.deepEqual((await unitsOf(scene, one)).map(essence), (await unitsOf(scene, { source })).map(essence));
        assert.deepEqual(await tableLines(scene, { ...one, table }), await tableLines(scene, { source, table }));
        assert.equal(await waitingRows(url), await waitingRows(outcomeOf(control).url));
      });
    }
  }

  function outcomeOf(one: Case | undefined): Outcome {
    const outcome = one && outcomes.get(one);
    assert.ok(outcome !== undefined);
    return outcome;
  }
});

async function fill(query: (sql: string) => Promise<unknown>): Promise<void> {
  const columns = 'id bigint, note text, amount numeric(18,6), created_at timestamptz not null';
  await query(`create table ledger (${columns}, primary key (id))`);
  await query('create index on ledger (created_at)');
  await query(`create table parted (${columns}, primary key (id, created_at)) partition by range (created_at)`);
  for (const [month, rows] of Object.entries(rowsOf)) {
    const name = `parted_${month.replace('-', '_')}`;
    const end = monthEnd(month).toISOString();
    await query(`create table ${name} partition of parted for values from ('${month}-01 00:00+00') to ('${end}')`);
    for (const table of ['ledger', 'parted']) {
      await query(`insert into ${table}
        select ${Number(month.slice(5))} * 1000 + i, 'row ' || i, i * 1.5, '${month}-01 00:00+00'::timestamptz + i * interval '1 hour'
          from generate_series(1, ${rows}) i`);
    }
  }
}

/** The killed process, what lies where right after it, and the run that comes after. */
async function perform(scene: ArchiveScene, { story, killAt, source }: Case, url: string): Promise<Outcome> {
  scene.addSource(source, url);
  const written = new Map(await tableLines(scene, { source, table: `public.${story.table}` }));
  if (story.isFurther) {
    await runToEnd(scene, source);
    for (const line of await comeLate(scene, url, source)) written.set(line, 1);
  }
  const child =
    killAt === undefined ? undefined : await runArchiveChild(scene, { source, sourceUrl: url, task: 'run', killAt });
  await assertNothingLost(scene, written, { source, table: `public.${story.table}` });
  await runToEnd(scene, source);
  return { child, written, url };
}

/** @returns the lines of rows that came after their month was purged */
async function comeLate(scene: ArchiveScene, url: string, source: string): Promise<Iterable<string>> {
  const before = await tableLines(scene, { source });
  await inDatabase(url, (query) =>
    query(`insert into ledger select 9000 + i, 'late', i, '2026-05-02 00:00+00'::timestamptz + i * interval '10 hours'
             from generate_series(1, 15) i`),
  );
  return [...(await tableLines(scene, { source })).keys()].filter((line) => !before.has(line));
}

/** Between a kill and the next run no row may be without its copy, in the table or in the bucket. */
async function assertNothingLost(scene: ArchiveScene, written: Lines, of: OneTable): Promise<void> {
  const left = await tableLines(scene, of);
  if (left.size < written.size) await assertCovers(scene, written, of);
}

async function runToEnd(scene: ArchiveScene, source: string): Promise<void> {
  const deadline = Date.now() + busyMillis;
  for (;;) {
    const { outcomes } = await scene.run({ retryNow: true }, source);
    const left = outcomes.filter(({ kind }) => kind !== 'purged');
    if (left.length === 0) return;
    assert.ok(
      left.every(({ failure }) => failure?.code === 'TABLE_BUSY') && Date.now() < deadline,
      JSON.stringify(left.map(({ entry, kind, failure }) => [entry.month, kind, failure])),
    );
  }
}

/** Rows in the undo tables of a source. */
async function waitingRows(url: string): Promise<number> {
  return inDatabase(url, async (query) => {
    const tables = (await query(
      `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables where schemaname = 'billvault_undo'`,
    )) as readonly { readonly name: string }[];
    let rows = 0;
    for (const { name } of tables) {
      const [counted] = (await query(`select count(*)::int as rows from ${name}`)) as readonly {
        readonly rows: number;
      }[];
      rows += counted?.rows ?? 0;
    }
    return rows;
  });
}
