import type { ArchiveContext } from '../../src/archive/context.ts';
import { extendLocks } from '../../src/archive/locks/extend-locks.ts';
import { openKeySigner } from '../../src/archive/manifest/key-signer.ts';
import { dropUndoTables } from '../../src/archive/purge/drop-undo-tables.ts';
import { repairUnit } from '../../src/archive/repair/repair-unit.ts';
import { pollRestores } from '../../src/archive/restore/poll-restores.ts';
import { runArchive } from '../../src/archive/run/run-archive.ts';
import { sourceDatabases } from '../../src/archive/source/source-databases.ts';
import { createAwsAccess } from '../../src/aws/access.ts';
import { createLogger } from '../../src/log.ts';
import { openRegistry } from '../../src/registry/registry.ts';

/** The archive as a process of its own, told by its environment what to do, so that it can be killed. */
export interface ArchiveChildWork {
  readonly registryUrl: string;
  readonly awsEndpoint: string;
  readonly baseCredentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly destination: ArchiveContext['destination'];
  readonly settings: ArchiveContext['settings'];
  readonly signingKeyPem: string;
  readonly now: string;
  readonly source: string;
  readonly sourceUrl: string;
  readonly task: 'run' | 'drop-undo' | 'poll-restores' | 'repair' | 'extend-locks' | 'nothing';
  /** That is repaired. */
  readonly unitId?: number;
}

const work = JSON.parse(process.env['BILLVAULT_TEST_WORK'] ?? '{}') as ArchiveChildWork;
const { baseCredentials, awsEndpoint, destination, source } = work;
const { bucket, region } = destination;
const { registry, close } = await openRegistry({ url: work.registryUrl, max: 2 });
const access = createAwsAccess({ stsEndpoint: awsEndpoint, s3Endpoint: awsEndpoint, baseCredentials });
const sources = sourceDatabases({ names: [source], urlOf: () => work.sourceUrl, max: 5 });
const signer = openKeySigner(work.signingKeyPem);
const context: ArchiveContext = {
  registry,
  destination,
  openStore: (name) => access.openArchiveStore({ bucket, region, name }),
  sources,
  signer,
  publicKeys: [signer.publicKeyPem],
  spool: undefined,
  settings: work.settings,
  log: createLogger(process.env['BILLVAULT_TEST_LOG'] ?? 'silent'),
  now: () => new Date(work.now),
};
if (work.task === 'drop-undo') await dropUndoTables(context, 'child');
if (work.task === 'poll-restores') await pollRestores(context, new AbortController().signal);
if (work.task === 'repair') {
  const { signal } = new AbortController();
  await repairUnit(context, { unitId: work.unitId ?? 0, takesChangedRows: false, actor: 'child', signal });
}
if (work.task === 'extend-locks') {
  await extendLocks(context, { source, actor: 'child', signal: new AbortController().signal });
}
if (work.task === 'run') {
  const { signal } = new AbortController();
  await runArchive(context, { source, filter: {}, trigger: 'schedule', actor: 'test', signal });
}
await sources[Symbol.asyncDispose]();
access.close();
await close();
