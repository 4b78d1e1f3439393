import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import type { ArchiveContext } from '../../../src/archive/context.ts';
import { readManifest } from '../../../src/archive/manifest/read-manifest.ts';
import { type ArchiveRunSummary, runArchive } from '../../../src/archive/run/run-archive.ts';
import { unitShow } from '../../../src/cli/archive/unit/show.ts';
import type { Cli } from '../../../src/cli/cli.ts';
import { listManifests } from '../../../src/registry/archive/manifest.ts';
import type { Resources } from '../../../src/resources.ts';
import { type ArchiveScene, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { validate } from '../validate/archived-scene.ts';

/** A server that takes the wish for encryption, and never says that it followed it. */
let silent: FaultProxy;
let scene: ArchiveScene;
const logged: { readonly msg: string }[] = [];

before(async () => {
  scene = await openArchiveScene({
    async s3Endpoint(endpoint) {
      silent = await startFaultProxy(endpoint);
      const action = { kind: 'omit-headers', prefix: 'x-amz-server-side-encryption' } as const;
      silent.inject({ action, times: Number.POSITIVE_INFINITY });
      return silent.endpoint;
    },
  });
  await makeLedger(scene, { months: ['2026-05', '2026-06'] });
  await scene.policies({ purge: true });
});
after(async () => {
  await scene[Symbol.asyncDispose]();
  await silent.close();
});

/** The scene's own, where encryption is required or not. */
function context(encryptionRequired: boolean): ArchiveContext {
  const log = pino({ base: null }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  const destination = { ...scene.context.destination, encryptionRequired };
  return { ...scene.context, destination, log };
}

function run(archive: ArchiveContext): Promise<ArchiveRunSummary> {
  const { signal } = new AbortController();
  return runArchive(archive, {
    source: 'ledger',
    filter: { retryNow: true },
    trigger: 'manual',
    actor: 'test',
    signal,
  });
}

async function shownText(archive: ArchiveContext, unitId: number): Promise<string> {
  let text = '';
  const cli: Pick<Cli, 'withResources' | 'print'> = {
    withResources: (work) => work({ archive } as unknown as Resources),
    print: (_options, _value, print) => {
      text = print();
    },
  };
  await unitShow(cli as Cli).parseAsync([String(unitId)], { from: 'user' });
  return text;
}

test('where encryption is required, nothing is archived on a server that does not say that it encrypts', async () => {
  const { outcomes } = await run(context(true));
  assert.deepEqual(
    outcomes.map(({ kind, failure }) => [kind, failure?.code]),
    [
      ['failed', 'ENCRYPTION_MISSING'],
      ['failed', 'ENCRYPTION_MISSING'],
    ],
  );
  const [left] = await scene.query<{ rows: number }>('select count(*)::int as rows from ledger');
  assert.equal(left?.rows, 100);
});

test('where it is not, what was refused goes on, is purged by its proof, and is told of wherever one looks', async () => {
  const tolerant = context(false);
  const { outcomes } = await run(tolerant);
  assert.deepEqual(
    outcomes.map(({ kind, purgedRows }) => [kind, purgedRows]),
    [
      ['purged', 50],
      ['purged', 50],
    ],
    JSON.stringify(outcomes),
  );
  const warnings = logged.filter(({ msg }) => msg.includes('does not say that it encrypts'));
  assert.equal(warnings.length, 1, 'once, however many parts there are');

  const manifests = await listManifests(scene.context.registry, { source: 'ledger' });
  const named = manifests.flatMap(({ body }) => readManifest(Buffer.from(body)).manifest.files);
  assert.deepEqual(
    named.map(({ encryption }) => encryption),
    named.map(() => ({ algorithm: 'AES256', unconfirmed: true })),
  );
  const [unit] = await scene.registryQuery<{ id: number }>('select id::int as id from registry.archive_unit limit 1');
  assert.match(await shownText(tolerant, unit?.id ?? 0), /encryption +AES256, asked for; the server does not say/);

  const validation = await validate({ context: tolerant }, 'full');
  assert.ok(validation.isClean, JSON.stringify(validation.findings));
  assert.equal(validation.counts.full, 2);
  assert.deepEqual(
    validation.findings.map(({ severity, code }) => `${severity} ${code}`),
    Array(2 + manifests.length).fill('warning ENCRYPTION_MISSING'),
  );
  const strict = await validate({ context: context(true) }, 'head');
  assert.equal(strict.errors, 2 + manifests.length, 'required again, it is missing');
});

test('what was asked for is asked for all the same', async () => {
  silent.heal();
  const validation = await validate({ context: context(true) }, 'head');
  assert.deepEqual(validation.findings, [], 'the server encrypted as it was asked to, and says so now');
});
