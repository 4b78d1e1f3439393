import { registerRole } from '../../ingest/clients/register-role.ts';
import { rolePolicies } from '../../ingest/clients/role-policies.ts';
import { discoverPrefix } from '../../ingest/discover/discover-prefix.ts';
import { preflight } from '../../ingest/preflight/preflight.ts';
import { reprocess } from '../../ingest/reprocess.ts';
import { verifyFile } from '../../ingest/verify/verify-file.ts';
import { finishExport } from '../../ingest/work/finish-export.ts';
import { createClient } from '../../registry/client/create-client.ts';
import { type DeliverySummary, listDeliveries, standingStates } from '../../registry/delivery/list-deliveries.ts';
import type { Resources } from '../../resources.ts';
import type { SandboxAdmin } from '../../sandbox/aws/admin.ts';
import { deliveryTable } from '../output/delivery-table.ts';
import { count } from '../output/format.ts';
import { showProgress } from '../output/progress-bar.ts';
import { compareWithSource, readBill } from './bill.ts';
import { acme, type DemoClient, deliver, deliveryOf, demoMonths, globex } from './exports.ts';
import type { Teller } from './tell.ts';

export interface Story {
  readonly resources: Resources;
  readonly admin: SandboxAdmin;
  /** Who we are in AWS: the principal that the clients trust. */
  readonly principalArn: string;
  readonly tell: Teller;
  readonly signal: AbortSignal;
}

const actor = 'demo';
const clients = [acme, globex];
const pageSize = 100;

/** From two clients' role ARNs to whole deliveries in the raw billing database, told as it happens. */
export async function tellStory(story: Story): Promise<void> {
  const months = demoMonths(story.resources.ingest.now());
  await fillBuckets(story, months);
  for (const client of clients) await onboard(story, client);
  await discoverAll(story, months[0]);
  await ingestAll(story, months[0]);
  await repair(story, months[0]);
  await restate(story, months[0]);
  await proveOne(story);
  await showStanding(story);
}

/** The corrupt file: cut off in the middle, as a copy that broke off. */
const corrupt = { client: globex, export: globex.exports[1], fileNumber: 0 } as const;

async function fillBuckets({ admin, tell }: Story, months: readonly string[]): Promise<void> {
  tell.chapter('AWS delivers billing exports into the buckets of two clients (made up here)');
  for (const client of clients) {
    await admin.createBucket({ name: client.bucket, accountId: client.accountId, region: client.region });
    for (const made of client.exports) {
      for (const month of months) await deliver(admin, client.bucket, deliveryOf({ client, export: made, month }));
      tell.line(`s3://${client.bucket}/${made.prefix}/${made.name}  ${made.kind}, ${made.format}, ${made.layout}`);
    }
  }
  const [month = ''] = months;
  const file = corruptFile(month);
  const whole = await admin.readObject({ bucket: corrupt.client.bucket, key: file.key });
  const cut = whole.subarray(0, Math.floor(whole.length / 2));
  await admin.putObject({
    bucket: corrupt.client.bucket,
    key: file.key,
    body: cut,
    lastModified: new Date(Date.now() - 60_000),
  });
}

function corruptFile(month: string) {
  const { client, export: made, fileNumber } = corrupt;
  if (made === undefined) throw new Error('the demo has no such export');
  const file = deliveryOf({ client, export: made, month }).objects.filter(({ role }) => role === 'data')[fileNumber];
  if (file === undefined) throw new Error('the demo has no such file');
  return file;
}

async function onboard(
  { resources: { ingest }, admin, principalArn, tell, signal }: Story,
  client: DemoClient,
): Promise<void> {
  tell.chapter(`Onboard ${client.name} by the ARN of a role`);
  const { name, accountId, bucket, region } = client;
  await createClient(ingest.registry, { name, actor });
  const arn = `arn:aws:iam::${accountId}:role/billvault-reader`;
  const role = await registerRole(ingest, { client: name, arn, region, actor });
  tell.line(`${arn}`);
  tell.line(`external ID, ours alone: ${role.externalId}`);
  const { trustPolicy, permissionPolicy } = rolePolicies({ role, principalArn, bucket, prefix: '' });
  await admin.putRole({ accountId, name: 'billvault-reader', trustPolicy, policy: permissionPolicy });
  tell.line('the client makes the role with the two policies that we print; then the preflight:');
  const findings = await preflight({
    aws: ingest.aws,
    role: { arn, externalId: role.externalId, region },
    bucket,
    prefix: '',
    client: name,
    now: ingest.now(),
    signal,
  });
  for (const { severity, code, message } of findings) tell.line(`${severity.padEnd(7)} ${code.padEnd(26)} ${message}`);
}

async function discoverAll({ resources: { ingest }, tell, signal }: Story, from: string): Promise<void> {
  tell.chapter('Discover what is there');
  for (const { name, bucket } of clients) {
    const found = await discoverPrefix(ingest, {
      client: name,
      bucket,
      prefix: '',
      from,
      trigger: 'manual',
      actor,
      signal,
    });
    tell.line(
      `${name}: ${found.exports.length} exports, ${found.deliveriesFound} deliveries, ${found.filesRegistered} files; ${found.objectsListed} objects listed, ${found.manifestsRead} manifests read`,
    );
    for (const { code, text } of found.warnings) tell.line(`warning ${code}: ${text}`);
  }
}

async function ingestAll(story: Story, corruptMonth: string): Promise<void> {
  story.tell.chapter('Ingest: assume the role, stream, decode, COPY; no disk, one transaction a file');
  for (const { id, client, name } of await listExports(story)) {
    const { seconds, failed } = await finish(story, id);
    story.tell.line(
      `${client}/${name}: done in ${seconds.toFixed(1)} s${failed === 0 ? '' : `, ${failed} file FAILED`}`,
    );
  }
  story.tell.line('');
  await compareWithSource(story, {
    months: demoMonths(story.resources.ingest.now()),
    except: { export: corrupt.export, month: corruptMonth },
  });
}

async function listExports({ resources: { ingest } }: Story) {
  const found = await ingest.registry.export.findMany({ include: { client: true }, orderBy: { id: 'asc' } });
  return found.map(({ id, name, client }) => ({ id, name, client: client.name }));
}

async function finish({ resources: { ingest, config }, signal }: Story, exportId: number) {
  const began = performance.now();
  const progress = showProgress(process.stderr);
  const workers = Math.max(1, config.service.workers);
  const { failed } = await finishExport(ingest, { exportId, workers, signal, timeoutSeconds: 60, ...progress }).finally(
    () => progress.stop(),
  );
  return { failed, seconds: (performance.now() - began) / 1_000 };
}

async function repair(story: Story, month: string): Promise<void> {
  const { resources, admin, tell } = story;
  tell.chapter('One file is corrupt: it fails by itself, is repaired in the bucket, and reprocessed');
  const failed = await resources.ingest.registry.file.findFirst({
    where: { status: 'FAILED' },
    include: { delivery: true },
  });
  if (failed === null) throw new Error('the corrupt file did not fail');
  const fileId = Number(failed.id);
  tell.line(`file ${fileId} FAILED ${failed.errorCode}: ${failed.errorText}`);
  tell.line(`delivery ${failed.deliveryId} is not published: nobody sees half a month`);
  await admin.putObject({ bucket: corrupt.client.bucket, key: failed.key, body: corruptFile(month).body() });
  await reprocess(resources.ingest, { fileId, actor });
  await finish(story, failed.delivery.exportId);
  const again = await resources.ingest.registry.file.findUniqueOrThrow({
    where: { id: failed.id },
    include: { delivery: true },
  });
  tell.line(
    `repaired and reprocessed: file ${fileId} is ${again.status} with ${count(Number(again.rows))} rows, its delivery ${again.delivery.state}`,
  );
}

async function restate(story: Story, month: string): Promise<void> {
  const { resources, admin, tell, signal } = story;
  const [made] = acme.exports;
  if (made === undefined) return;
  tell.chapter(`AWS restates ${acme.name}'s ${month}: the new delivery takes the place of the old one, whole`);
  const before = await readBill(story, { client: acme, export: made, month });
  await deliver(admin, acme.bucket, deliveryOf({ client: acme, export: made, month, version: 2 }));
  const found = await discoverPrefix(resources.ingest, {
    client: acme.name,
    bucket: acme.bucket,
    prefix: `${made.prefix}/`,
    trigger: 'manual',
    actor,
    signal,
  });
  const [home] = found.exports;
  if (home !== undefined) await finish(story, home.id);
  const after = await readBill(story, { client: acme, export: made, month });
  tell.line(`before: delivery ${before.delivery}, ${count(before.rows)} rows, ${before.cost} USD`);
  tell.line(`after:  delivery ${after.delivery}, ${count(after.rows)} rows, ${after.cost} USD`);
  tell.line(
    `delivery ${before.delivery} is superseded; its table stays beside for ${resources.config.ingest.keepSupersededDays} days`,
  );
}

async function proveOne({ resources: { ingest }, tell, signal }: Story): Promise<void> {
  tell.chapter('Proof: read a file again with a second parser and compare every cell with the database');
  const file = await ingest.registry.file.findFirstOrThrow({
    where: { status: 'INGESTED', key: { endsWith: '.csv.gz' } },
    orderBy: { id: 'asc' },
  });
  const proof = await verifyFile(ingest, { fileId: Number(file.id), signal });
  tell.line(
    `file ${proof.fileId}: ${count(proof.rows)} rows, ${count(proof.cells)} cells, ${proof.ok ? 'all equal' : 'NOT EQUAL'}`,
  );
  tell.line(`SHA-256 of the object ${proof.sha256}`);
}

async function showStanding({ resources: { ingest }, tell }: Story): Promise<void> {
  tell.chapter('How things stand');
  const deliveries = await listDeliveries(
    ingest.registry,
    { states: [...standingStates, 'SUPERSEDED'] },
    { limit: pageSize },
  );
  tell.block(deliveryTable(deliveries.toSorted(byPlace)));
}

function byPlace(a: DeliverySummary, b: DeliverySummary): number {
  const place = ({ client, export: name, periodStart }: DeliverySummary) => `${client}/${name} ${periodStart}`;
  return place(a).localeCompare(place(b)) || a.id - b.id;
}
