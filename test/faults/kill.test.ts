import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { reprocess } from '../../src/ingest/reprocess.ts';
import { type DeliveryOptions, type MadeDelivery, makeDelivery } from '../../src/sandbox/exports/delivery.ts';
import { ingestSteps, type Step } from '../../src/steps.ts';
import type { ChildTask } from '../support/ingest-child.ts';
import { type EndedChild, runChild } from '../support/run-child.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { assertNothingHalfLoaded, assertWhole, deliveriesOf, seen, totalOf } from '../support/whole.ts';

type KillAt = Step | `${Step}@${number}`;
type Version = 1 | 2;

interface Story {
  readonly name: string;
  readonly export: Pick<DeliveryOptions, 'layout' | 'kind' | 'format'>;
  readonly costColumn: string;
  /** What was in before the process that is killed, and what lies in the bucket when it starts. */
  readonly ingested: readonly Version[];
  readonly delivered: readonly Version[];
  /** Done between the two, such as asking for a reprocess. */
  readonly prepare?: (scene: Scene, client: string) => Promise<void>;
  readonly tasks: (client: string, ids: readonly number[]) => readonly ChildTask[];
  readonly killAt: readonly KillAt[];
  /** Versions that a reader may see right after the kill; undefined: nothing at all. */
  readonly maySee: readonly (Version | undefined)[];
  /** What it must be when the next process has done its work. */
  readonly becomes: (killAt: KillAt) => Version;
  /** Superseded deliveries are dropped at once by the process that comes after. */
  readonly dropsAfterwards?: boolean;
}

const csv = { layout: 'legacy-create-new', kind: 'cur-legacy', format: 'csv.gz' } as const;
const parquet = { layout: 'data-export-overwrite', kind: 'cur2', format: 'parquet' } as const;
const bucketOf = (client: string) => `${client.replaceAll('_', '-')}-bills`;
const ingestTasks = (client: string): readonly ChildTask[] => [
  { do: 'discover', client, bucket: bucketOf(client) },
  { do: 'work', client },
];
const registering: readonly KillAt[] = ['export.registered', 'delivery.before-commit', 'delivery.registered'];
const loading: readonly KillAt[] = [
  'file.claimed',
  'file.first-bytes',
  'columns.before-commit',
  'file.mid-copy',
  'file.before-commit',
  'file.after-commit',
  'file.before-registry',
  'file.after-registry',
];
const publishing: readonly KillAt[] = [
  'publish.before',
  'publish.attached',
  'publish.after-commit',
  'publish.after-registry',
];

const stories: readonly Story[] = [
  {
    name: 'a first delivery in CSV',
    export: csv,
    costColumn: 'lineItem/UnblendedCost',
    ingested: [],
    delivered: [1],
    tasks: ingestTasks,
    killAt: [...registering, ...loading, 'file.mid-copy@2', 'file.after-commit@2', ...publishing],
    maySee: [undefined, 1],
    becomes: () => 1,
  },
  {
    name: 'a first delivery in parquet',
    export: parquet,
    costColumn: 'line_item_unblended_cost',
    ingested: [],
    delivered: [1],
    tasks: ingestTasks,
    killAt: ['file.mid-copy', 'file.mid-copy@2', 'file.before-commit', 'file.after-commit@2'],
    maySee: [undefined, 1],
    becomes: () => 1,
  },
  {
    name: 'a restatement',
    export: csv,
    costColumn: 'lineItem/UnblendedCost',
    ingested: [1],
    delivered: [2],
    tasks: ingestTasks,
    killAt: ['file.mid-copy', 'file.before-commit', 'file.after-commit@2', 'file.after-registry@2', ...publishing],
    maySee: [1, 2],
    becomes: () => 2,
  },
  {
    name: 'a restatement overwritten in place, in parquet',
    export: parquet,
    costColumn: 'line_item_unblended_cost',
    ingested: [1],
    delivered: [2],
    tasks: ingestTasks,
    killAt: ['file.mid-copy', 'publish.attached', 'publish.after-commit'],
    maySee: [1, 2],
    becomes: () => 2,
  },
  {
    name: 'the reprocess of a published file',
    export: csv,
    costColumn: 'lineItem/UnblendedCost',
    ingested: [1],
    delivered: [],
    prepare: reprocessAll,
    tasks: (client) => [{ do: 'work', client }],
    killAt: ['file.claimed', 'file.mid-copy', 'file.before-commit', 'file.after-commit'],
    maySee: [1],
    becomes: () => 1,
  },
  {
    name: 'a publish by hand of the older delivery',
    export: csv,
    costColumn: 'lineItem/UnblendedCost',
    ingested: [1, 2],
    delivered: [],
    tasks: (_client, [older]) => [{ do: 'publish', deliveryId: Number(older) }],
    killAt: ['publish.before', 'publish.attached', 'publish.after-commit'],
    maySee: [1, 2],
    becomes: (killAt) => (killAt === 'publish.after-commit' ? 1 : 2),
    dropsAfterwards: true,
  },
  {
    name: 'the drop of a superseded delivery',
    export: csv,
    costColumn: 'lineItem/UnblendedCost',
    ingested: [1, 2],
    delivered: [],
    prepare: (scene, client) => keepSuperseded(scene, client, 0),
    tasks: () => [{ do: 'drop' }],
    killAt: ['drop.before', 'drop.before-commit', 'drop.after-commit'],
    maySee: [2],
    becomes: () => 2,
    dropsAfterwards: true,
  },
];

interface Case {
  readonly story: Story;
  readonly killAt: KillAt;
  readonly client: string;
  readonly versions: Readonly<Record<Version, MadeDelivery>>;
}

interface Outcome {
  readonly child: EndedChild;
  readonly seenAfterKill: readonly string[];
}

const cases: readonly Case[] = stories.flatMap((story, s) =>
  story.killAt.map((killAt, k): Case => {
    const client = `s${s}_k${k}`;
    const options = { ...story.export, bucket: bucketOf(client), prefix: 'aws', name: 'hourly', month: '2024-02' };
    const make = (version: Version) =>
      makeDelivery({ ...options, files: 2, rows: 240, seed: client, version, rowGroupRows: 40 });
    return { story, killAt, client, versions: { 1: make(1), 2: make(2) } };
  }),
);

/** Children at a time: one a core. */
const parallel = 2;

describe('a process killed at any step leaves nothing lost, doubled or half visible', { timeout: 240_000 }, () => {
  let scene: Scene;
  const outcomes = new Map<Case, Outcome>();
  let next: EndedChild;

  before(async () => {
    scene = await openScene();
    // Ends in peace and leaves what it compiled to those that will not.
    await runChild(scene, { tasks: [] });
    for (const one of cases) await scene.addClient(one.client);
    for (const version of [1, 2] as const) {
      const some = cases.filter(({ story }) => story.ingested.includes(version));
      for (const one of some) await deliver(scene, one, version);
      for (const { client } of some) await scene.discover(client);
      await scene.drain();
    }
    // Drops concern every client at once, so they are killed one after the other, and last.
    const drops = cases.filter(({ story }) => story.tasks('', [])[0]?.do === 'drop');
    const others = cases.filter((one) => !drops.includes(one));
    await Promise.all(Array.from({ length: parallel }, () => killNext(others)));
    await killNext(drops);
    for (const { client } of cases.filter(({ story }) => story.dropsAfterwards)) await keepSuperseded(scene, client, 0);
    // What comes after drops first: it must not take the registry's word for what may go.
    const discoveries = cases.flatMap(({ client, story }) =>
      story.delivered.length > 0 ? ingestTasks(client)[0] : [],
    );
    next = await runChild(scene, {
      tasks: [{ do: 'drop' }, ...discoveries.filter((task) => task !== undefined), { do: 'settle' }, { do: 'drop' }],
    });
  });
  after(() => scene[Symbol.asyncDispose]());

  async function killNext(queue: Case[]): Promise<void> {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) outcomes.set(one, await kill(scene, one));
  }

  test('every step of the ingest is one at which it is killed', () => {
    const killed = new Set(cases.map(({ killAt }) => killAt.split('@')[0]));
    assert.deepEqual([...ingestSteps].sort(), [...killed].sort());
  });

  test('the process that comes after comes to its end', () => {
    assert.deepEqual(next, { code: 0, signal: null, stderr: '' });
  });

  for (const one of cases) {
    const { story, killAt, client, versions } = one;
    test(`${story.name}, killed at ${killAt}`, async () => {
      const outcome = outcomes.get(one);
      assert.equal(outcome?.child.signal, 'SIGKILL', `it was not killed: ${JSON.stringify(outcome?.child)}`);
      const allowed = await Promise.all(
        story.maySee.map(async (version) => (version === undefined ? [] : [await totalOf(scene, versions[version])])),
      );
      assert.ok(
        allowed.some((totals) => JSON.stringify(totals) === JSON.stringify(outcome.seenAfterKill)),
        `after the kill a reader saw ${JSON.stringify(outcome.seenAfterKill)}, not one of ${JSON.stringify(allowed)}`,
      );
      const made = versions[story.becomes(killAt)];
      await assertWhole(scene, client, { made, costColumn: story.costColumn });
      const states = (await deliveriesOf(scene, client)).map(({ state }) => state);
      assert.equal(states.filter((state) => state === 'PENDING').length, 0);
      if (story.dropsAfterwards) await assertDropped(scene, client);
    });
  }
});

async function deliver(scene: Scene, { client, versions }: Case, version: Version): Promise<void> {
  await scene.deliver(bucketOf(client), versions[version]);
}

async function kill(scene: Scene, one: Case): Promise<Outcome> {
  const { story, client, killAt } = one;
  for (const version of story.delivered) await deliver(scene, one, version);
  await story.prepare?.(scene, client);
  const ids = (await deliveriesOf(scene, client)).map(({ id }) => Number(id));
  const child = await runChild(scene, { tasks: story.tasks(client, ids), killAt });
  const seenAfterKill = await seen(scene, client, story.costColumn);
  await assertNothingHalfLoaded(scene, client);
  // Others must not drop what this one was about to.
  await keepSuperseded(scene, client, 7);
  return { child, seenAfterKill };
}

async function reprocessAll(scene: Scene, client: string): Promise<void> {
  const files = await scene.query<{ id: string }>(
    `select f.id from registry.file f join registry.delivery d on d.id = f.delivery_id
       join registry.export e on e.id = d.export_id join registry.client c on c.id = e.client_id where c.name = $1`,
    [client],
  );
  for (const { id } of files) await reprocess(scene.context, { fileId: Number(id), actor: 'test' });
}

async function keepSuperseded(scene: Scene, client: string, days: number): Promise<void> {
  await scene.query(
    'update registry.export set keep_superseded_days = $2 where client_id = (select id from registry.client where name = $1)',
    [client, days],
  );
}

/** The delivery that is not current is gone, and registry and raw database agree on it. */
async function assertDropped(scene: Scene, client: string): Promise<void> {
  const states = await scene.query<{ registry: string; raw: string; exists: boolean }>(
    `select d.state::text as registry, t.state as raw, to_regclass(format('%I.%I', t.schema_name, t.table_name)) is not null as exists
       from billvault.delivery_table t join registry.delivery d on d.id = t.delivery_id
      where t.schema_name = $1 order by t.state`,
    [`raw_${client}`],
  );
  assert.deepEqual(states, [
    { registry: 'DROPPED', raw: 'DROPPED', exists: false },
    { registry: 'PUBLISHED', raw: 'PUBLISHED', exists: true },
  ]);
}
