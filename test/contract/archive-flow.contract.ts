import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectRetentionCommand, S3Client } from '@aws-sdk/client-s3';
import { wantedRules } from '../../src/archive/bucket/wanted-lifecycle.ts';
import { proveExpiry } from '../../src/archive/expiry/prove-expiry.ts';
import { placeHold } from '../../src/archive/holds/place-hold.ts';
import { releaseHold } from '../../src/archive/holds/release-hold.ts';
import { type Month, monthOf, monthRange, monthStart, previousMonth, retainUntil } from '../../src/archive/month.ts';
import type { ArchiveStore } from '../../src/aws/archive-store.ts';
import { openBucketAdmin } from '../../src/aws/bucket-admin.ts';
import { restore, said } from '../archive/restore/restore-scene.ts';
import { validate } from '../archive/validate/archived-scene.ts';
import { type ArchiveScene, type ArchiveSceneOptions, makeLedger, openArchiveScene } from '../support/archive-scene.ts';
import type { Subject } from './subject.ts';

const { signal } = new AbortController();
const actor = 'test';
const dayMillis = 86_400_000;
/** Due on whatever day of a month this runs. */
const latest = previousMonth(previousMonth(monthOf(new Date())));
const middle = previousMonth(latest);
const first = previousMonth(middle);
/** Longer than the lifecycle takes for what it is to do: some days, one at a time. */
const maxDays = 60;

interface Part {
  readonly table: string;
  readonly month: Month;
  readonly key: string;
  readonly versionId: string;
}

/** The archive from its first export to its last expiry, on a server whose Object Lock and lifecycle are its own. */
export function archiveFlowContract(start: () => Promise<Subject>): void {
  describe('the archive, end to end', () => {
    const bucket = `vault-${randomUUID().slice(0, 8)}`;
    let subject: Subject;
    let s3: S3Client;
    let scene: ArchiveScene;
    let store: ArchiveStore;

    before(async () => {
      subject = await start();
      const { endpoint, region, credentials, kmsKeyId: keyId } = subject;
      s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
      scene = await open(bucket, { encryption: { algorithm: 'aws:kms', keyId } });
      store = scene.context.openStore('verifier');
      await makeLedger(scene, { months: monthRange(first, latest), rowsPerMonth: 1_000 });
      await makeLedger(scene, { table: 'events', months: monthRange(first, latest) });
      await makeDocuments(scene);
      const storageClass = subject.capabilities.storageClasses ? 'INTELLIGENT_TIERING' : 'STANDARD';
      await scene.policies(
        { tables: ['public.ledger'], purge: true, hotDays: 1, storageClass },
        { name: 'documents', tables: ['public.documents'], classification: 'audit', hotDays: 1, storageClass },
        {
          name: 'operations',
          tables: ['public.events'],
          classification: 'operational',
          lockMode: 'GOVERNANCE',
          hotDays: 1,
          storageClass,
        },
      );
    });
    after(async () => {
      await store?.[Symbol.asyncDispose]();
      await scene?.[Symbol.asyncDispose]();
      s3?.destroy();
    });

    async function open(name: string, options: ArchiveSceneOptions): Promise<ArchiveScene> {
      const { endpoint, region, credentials } = subject;
      await s3.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: true }));
      return openArchiveScene({
        now: new Date(),
        bucketElsewhere: { endpoint, region, credentials, bucket: name },
        ...options,
      });
    }

    async function parts(table: string): Promise<readonly Part[]> {
      return scene.registryQuery<Part & Record<string, unknown>>(
        `select t.table_name as table, to_char(u.period, 'YYYY-MM') as month, p.key, p.version_id as "versionId"
           from registry.archive_part p join registry.archive_unit u on u.id = p.unit_id
           join registry.archive_table t on t.id = u.table_id
          where t.table_name = $1 order by u.period, p.ordinal`,
        [table],
      );
    }

    async function partOf(table: string, month: Month): Promise<Part> {
      const part = (await parts(table)).find((one) => one.month === month);
      assert.ok(part);
      return part;
    }

    /** As the bucket's owner, with every right that there is. */
    const erase = ({ key, versionId }: Pick<Part, 'key' | 'versionId'>, BypassGovernanceRetention: boolean) =>
      s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId, BypassGovernanceRetention }));
    const relock = ({ key, versionId }: Part, Mode: 'GOVERNANCE' | 'COMPLIANCE', RetainUntilDate: Date) => {
      const Retention = { Mode, RetainUntilDate };
      const address = { Bucket: bucket, Key: key, VersionId: versionId };
      return s3.send(new PutObjectRetentionCommand({ ...address, Retention, BypassGovernanceRetention: true }));
    };
    const isThere = async ({ key, versionId }: Part): Promise<boolean> =>
      store.head(key, versionId).then(
        () => true,
        (error: { code?: string }) => {
          assert.equal(error.code, 'FILE_MISSING');
          return false;
        },
      );

    test('what is due is exported, stored locked and encrypted, read back and proved, signed for, purged', async () => {
      const ledger = await scene.copyText('ledger', 'id');
      const { counts, outcomes } = await scene.run();
      const failures = outcomes.flatMap(({ failure }) => failure ?? []);
      assert.deepEqual([failures, counts.failed, outcomes.length], [[], 0, 7]);
      assert.equal((await scene.query('select from ledger')).length, 0);
      assert.equal(
        outcomes.reduce((sum, { purgedRows }) => sum + (purgedRows ?? 0), 0),
        3_000,
      );
      const wanted = { ledger: ['COMPLIANCE', 10], documents: ['COMPLIANCE', 7], events: ['GOVERNANCE', 2] } as const;
      for (const [table, [mode, years]] of Object.entries(wanted)) {
        for (const part of await parts(table)) {
          const lock = { mode, retainUntil: retainUntil(part.month, years) };
          assert.deepEqual(await store.lock(part.key, part.versionId), lock, part.key);
          assert.equal((await store.head(part.key, part.versionId)).encryption?.algorithm, 'aws:kms');
        }
      }
      const documents = await partOf('documents', latest);
      const { sizeBytes } = await store.head(documents.key, documents.versionId);
      assert.ok(sizeBytes > 2 ** 24, 'one of them is uploaded in parts, of which some servers forget the lock');

      const validation = await validate(scene, 'full');
      assert.deepEqual([validation.findings, validation.counts.full], [[], 7]);
      assert.equal(said(await restore(scene, { selection: { tables: ['public.ledger'] } })), 'done');
      assert.equal(await scene.copyText('ledger', 'id'), ledger, 'byte for byte what it was');
    });

    test('a row that comes late becomes a further part, and the next manifest of its month names both', async () => {
      await scene.query(`insert into events (account, amount, created_at) values ('late', 1.5, $1)`, [
        new Date(monthStart(middle).getTime() + dayMillis),
      ]);
      const { counts } = await scene.run({ tables: ['public.events'] });
      assert.equal(counts.failed, 0);
      assert.equal((await parts('events')).filter(({ month }) => month === middle).length, 2);
      const validation = await validate(scene, 'full', { tables: ['public.events'] });
      assert.deepEqual([validation.findings, validation.counts.full], [[], 4]);
    });

    test('a COMPLIANCE lock is not deleted, shortened or weakened by anybody, the owner of the bucket included', async () => {
      const part = await partOf('ledger', latest);
      const lock = await store.lock(part.key, part.versionId);
      await assert.rejects(erase(part, true), { name: 'AccessDenied' });
      await assert.rejects(relock(part, 'COMPLIANCE', new Date(Date.now() + dayMillis)), { name: 'AccessDenied' });
      await assert.rejects(relock(part, 'GOVERNANCE', lock?.retainUntil ?? new Date()), { name: 'AccessDenied' });
      assert.deepEqual(await store.lock(part.key, part.versionId), lock);
    });

    test('a GOVERNANCE lock is not deleted without its bypass, nor with it under a legal hold', async () => {
      const part = await partOf('events', latest);
      await assert.rejects(erase(part, false), { name: 'AccessDenied' });
      const placed = await placeHold(scene.context, {
        source: 'ledger',
        table: 'public.events',
        reason: 'case 12',
        actor,
        signal,
      });
      assert.deepEqual([placed.objects?.failed, (placed.objects?.put ?? 0) > 4], [0, true]);
      assert.equal(await store.legalHold(part.key, part.versionId), true);
      await assert.rejects(erase(part, true), { name: 'AccessDenied' });
      const released = await releaseHold(scene.context, { id: placed.hold.id, reason: 'settled', actor, signal });
      assert.deepEqual(
        [released.objects?.failed, released.objects?.takenOff],
        [0, placed.objects?.put],
        'every one of them',
      );
      assert.equal(await store.legalHold(part.key, part.versionId), false);
      assert.deepEqual((await validate(scene, 'head')).findings, []);
    });

    test('who deletes without naming a version only hides: it is found, and nothing is lost', async () => {
      const { key } = await partOf('ledger', first);
      const { VersionId: marker = '' } = await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
      const ledger = { tables: ['public.ledger'] };
      const { findings, counts } = await validate(scene, 'full', ledger);
      assert.deepEqual([findings.map(({ code }) => code), counts.full], [['HIDDEN'], 3]);
      await erase({ key, versionId: marker }, false);
      assert.deepEqual((await validate(scene, 'head', ledger)).findings, []);
    });

    test('a server that does not encrypt by keys of its own is refused, unless encryption is not required', async (context) => {
      if (subject.capabilities.ownKeyEncryption) {
        context.skip(`${subject.name} has: ownKeyEncryption`);
        return;
      }
      for (const [encryptionRequired, wanted] of [
        [true, 'ENCRYPTION_MISSING'],
        [false, undefined],
      ] as const) {
        await using other = await open(`${bucket}-${encryptionRequired}`, { encryptionRequired });
        await makeLedger(other, { months: [latest] });
        await other.policies({ purge: true, hotDays: 1, storageClass: 'STANDARD' });
        const { outcomes } = await other.run();
        assert.deepEqual(
          outcomes.map(({ failure }) => failure?.code),
          [wanted],
        );
        if (encryptionRequired) continue;
        const { isClean, findings } = await validate(other, 'full');
        assert.equal(isClean, true);
        assert.deepEqual(
          [...new Set(findings.map(({ severity, code }) => `${severity} ${code}`))],
          ['warning ENCRYPTION_MISSING'],
        );
      }
    });

    test('lifecycle removes what is neither locked nor held any more, and that alone; it is proved and recorded', async () => {
      const [free, held, locked] = [
        await partOf('events', first),
        await partOf('events', latest),
        await partOf('ledger', latest),
      ];
      await placeHold(scene.context, {
        source: 'ledger',
        table: 'public.events',
        from: latest,
        reason: 'x',
        actor,
        signal,
      });
      // What years would bring: the retention of two months is over.
      const soon = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 2_000);
      for (const part of [free, held]) await relock(part, 'GOVERNANCE', soon);
      await putLifecycle();
      for (let day = 0; day < maxDays && (await left(free.key)) > 0; day++) await subject.passDay();
      assert.equal(await left(free.key), 0, 'version and marker are gone');
      // What went on the same day, only later in it, would be gone after these.
      for (let day = 0; day < 3; day++) await subject.passDay();
      for (const part of [held, locked]) assert.ok(await isThere(part), `${part.table} ${part.month} stays`);

      scene.setNow(new Date(retainUntil(first, 2).getTime() + dayMillis));
      const proof = await proveExpiry(scene.context, { actor, signal });
      assert.deepEqual([proof.expiredParts, proof.unchecked, proof.findings], [1, 0, []]);
    });

    /** The rules that the archive wants, as if every lock were over after a day. */
    async function putLifecycle(): Promise<void> {
      const { endpoint: s3Endpoint, region, credentials } = subject;
      const { accessKeyId, secretAccessKey } = credentials;
      const settings = { s3Endpoint, baseCredentials: { accessKeyId, secretAccessKey } };
      await using admin = openBucketAdmin(settings, { bucket, region });
      const data = { prefix: 'archive/ledger/', lockDays: 1, expiresAfterDays: 1, steps: [], hasManifests: false };
      await admin.change({ setting: 'lifecycle', to: { rules: wantedRules('archive/', [data]) } });
    }

    async function left(prefix: string): Promise<number> {
      let count = 0;
      for await (const _version of store.listVersions({ prefix })) count++;
      return count;
    }
  });
}

/** 18 MB that no compression makes smaller, in one month. */
async function makeDocuments(scene: ArchiveScene): Promise<void> {
  await scene.query(
    'create table documents (id bigint primary key, body bytea not null, created_at timestamptz not null)',
  );
  await scene.query(
    `insert into documents
     select i, (select string_agg(sha256((i || '-' || j)::bytea), ''::bytea) from generate_series(1, 64) j),
            $1::timestamptz + i * interval '1 minute'
       from generate_series(1, 9000) i`,
    [monthStart(latest)],
  );
}
