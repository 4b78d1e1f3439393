import assert from 'node:assert/strict';
import { rowDigest } from '../../src/archive/compare/row-set.ts';
import { chainLink, checkChain } from '../../src/archive/manifest/chain.ts';
import { contradictionsOf } from '../../src/archive/manifest/contradictions.ts';
import { publicKeys } from '../../src/archive/manifest/public-keys.ts';
import { readManifest } from '../../src/archive/manifest/read-manifest.ts';
import { openPartLines } from '../../src/archive/verify/open-part-lines.ts';
import { copyOut } from '../../src/db/copy-out.ts';
import { withConnection } from '../../src/db/pool.ts';
import { listWholeUnits } from '../../src/registry/archive/list-units.ts';
import { listManifests } from '../../src/registry/archive/manifest.ts';
import type { WholeUnit } from '../../src/registry/archive/unit-record.ts';
import type { ArchiveScene } from './archive-scene.ts';

/** Lines, each with how often it is there. */
export type Lines = ReadonlyMap<string, number>;

export interface OneTable {
  /** Default: `ledger`, as the scene has it. */
  readonly source?: string;
  /** Default: `public.ledger`. */
  readonly table?: string;
}

/** What is in the table, as COPY prints it in a pinned session. */
export async function tableLines(scene: ArchiveScene, { source = 'ledger', table = 'public.ledger' }: OneTable = {}) {
  const { pool } = await scene.context.sources.open(source);
  const lines = new Map<string, number>();
  await withConnection(pool, async (client) => {
    for await (const chunk of copyOut(client, { statement: `copy (select * from ${table}) to stdout`, subject: table }))
      for (const line of textLines(chunk)) add(lines, line, 1);
  });
  return lines;
}

/** What a restore of everything gives: every part as it lies in the bucket, without the rows that departed. */
export async function archivedLines(scene: ArchiveScene, of: OneTable = {}): Promise<Lines> {
  const lines = new Map<string, number>();
  await using store = scene.context.openStore('verifier');
  for (const unit of await unitsOf(scene, of)) {
    const ofUnit = new Map<string, number>();
    for (const part of unit.parts.filter(({ versionId }) => versionId !== null)) {
      for await (const chunk of openPartLines(store, part)) for (const line of textLines(chunk)) add(ofUnit, line, 1);
    }
    const byDigest = new Map([...ofUnit.keys()].map((line) => [rowDigest(Buffer.from(line)), line]));
    for (const { rowSha256, count } of unit.departed) {
      const line = byDigest.get(rowSha256);
      assert.ok(line !== undefined, `unit ${unit.id} has no departed row ${rowSha256}`);
      add(ofUnit, line, -count);
      assert.ok((ofUnit.get(line) ?? 0) >= 0, `more departed than were archived: ${line}`);
    }
    for (const [line, count] of ofUnit) if (count > 0) add(lines, line, count);
  }
  return lines;
}

export async function unitsOf(scene: ArchiveScene, { source = 'ledger', table }: OneTable = {}) {
  const [schema, name] = table?.split('.') ?? [];
  return listWholeUnits(scene.context.registry, { source, schema, table: name }, { limit: 500 });
}

/**
 * Each row in the database or in the bucket, never neither, never twice: after a purge the two add up to what was written.
 * @param written what every row was when it was last written
 */
export async function assertAddsUp(scene: ArchiveScene, written: Lines, of: OneTable = {}): Promise<void> {
  const sum = new Map(await tableLines(scene, of));
  for (const [line, count] of await archivedLines(scene, of)) add(sum, line, count);
  assert.deepEqual(sorted(sum), sorted(written));
}

/** While a table keeps its rows, or a purge is not done yet: together they hold all that was written, and nothing else. */
export async function assertCovers(scene: ArchiveScene, written: Lines, of: OneTable = {}): Promise<void> {
  const union = new Map(await tableLines(scene, of));
  for (const [line, count] of await archivedLines(scene, of)) union.set(line, Math.max(union.get(line) ?? 0, count));
  assert.deepEqual(sorted(union), sorted(written));
}

/** Everything on record is in the bucket at its version, nothing else is, and the chain of manifests is whole. */
export async function assertOnRecord(scene: ArchiveScene, { source = 'ledger' }: OneTable = {}): Promise<void> {
  const { registry, publicKeys: trusted, destination } = scene.context;
  const units = await unitsOf(scene, { source });
  const manifests = await listManifests(registry, { source });
  const recorded = [...units.flatMap(({ parts }) => parts), ...manifests].map(
    ({ key, versionId }) => `${key} ${versionId}`,
  );
  const stored: string[] = [];
  await using store = scene.context.openStore('verifier');
  for (const prefix of [`${destination.prefix}/${source}/`, `${destination.prefix}/_manifests/${source}/`]) {
    for await (const { key, versionId } of store.listVersions({ prefix })) stored.push(`${key} ${versionId}`);
  }
  assert.deepEqual(stored.sort(), recorded.sort());
  const keys = publicKeys(trusted);
  const read = manifests.map((manifest) => readManifest(Buffer.from(manifest.body)));
  assert.deepEqual(checkChain(read.map((one, i) => chainLink(one, keys, manifests[i]?.key))), []);
  assert.deepEqual(
    read.flatMap(({ manifest }) => contradictionsOf(manifest)),
    [],
  );
  assert.ok(manifests.every(({ state }) => state === 'STORED'));
  const unsettled = await scene.registryQuery("select id from registry.archive_deletion where state = 'INTENDED'");
  assert.deepEqual(unsettled, []);
}

/** A unit in what must not depend on how often its run was ended: without numbers, times and names of its source. */
export function essence(unit: WholeUnit) {
  const { schema, table, month, state, round, rows, digest, ranges, parts, departed } = unit;
  return {
    unit: `${schema}.${table} ${month}`,
    state,
    round,
    rows,
    digest,
    ranges: ranges.map(({ upper }) => upper),
    parts: parts.map((part) => ({ digest: part.digest, rows: part.rows, state: part.state, ranges: part.ranges })),
    departed,
  };
}

export function sorted(lines: Lines): readonly string[] {
  return [...lines].flatMap(([line, count]) => Array.from({ length: count }, () => line)).sort();
}

function* textLines(chunk: Buffer): Generator<string, void> {
  for (const line of chunk.toString('utf8').split(/(?<=\n)/)) if (line !== '') yield line;
}

function add(lines: Map<string, number>, line: string, count: number): void {
  lines.set(line, (lines.get(line) ?? 0) + count);
}
