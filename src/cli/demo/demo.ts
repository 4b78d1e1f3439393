// `npm run demo`: the main job end to end, on the embedded PostgreSQL and the S3 + STS stand-in, with made-up exports.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Config, readConfig } from '../../config.ts';
import { AppError } from '../../errors.ts';
import { reportFailure } from '../../exit-code.ts';
import { type OpenArchive, openArchive } from '../../open-archive.ts';
import { openResources, type Resources } from '../../resources.ts';
import { startSandboxAws } from '../../sandbox/aws/server.ts';
import { removePlace } from '../../sandbox/postgres/server-user.ts';
import { runService } from '../../service.ts';
import { stopSignal } from '../../stop-signal.ts';
import { type Ledgers, makeLedgers } from './archive/ledger.ts';
import { demoSettings } from './archive/settings.ts';
import { tellArchiveStory } from './archive/story.ts';
import { tellStory } from './story.ts';
import { tellTo } from './tell.ts';

const folder = join('.billvault', 'demo');
const pidFile = join(folder, 'demo.pid');
/** What another terminal needs to use the CLI on the demo: `. .billvault/demo/env`. */
const environmentFile = join(folder, 'env');
const settingsFile = join(folder, 'billvault.yaml');
const ourAccount = '999988887777';
const usualPort = 8080;

async function main(signal: AbortSignal): Promise<void> {
  const { exit } = readArguments();
  const began = performance.now();
  clearFolder();
  const aws = await startSandboxAws();
  const user = await aws.admin.createUser({ accountId: ourAccount, name: 'billvault' });
  // Where the AWS SDK looks for who we are; on a real machine the instance's or the container's role is found instead.
  const identity = { AWS_ACCESS_KEY_ID: user.accessKeyId, AWS_SECRET_ACCESS_KEY: user.secretAccessKey };
  Object.assign(process.env, identity);
  const environment = {
    BILLVAULT_DATA_FOLDER: folder,
    BILLVAULT_AWS_S3_ENDPOINT: aws.endpoint,
    BILLVAULT_AWS_STS_ENDPOINT: aws.endpoint,
    BILLVAULT_AWS_PRINCIPAL_ARN: user.arn,
  };
  const settings = {
    BILLVAULT_API_PORT: process.env['BILLVAULT_API_PORT'] ?? String((await isFree(usualPort)) ? usualPort : 0),
    BILLVAULT_LOG_LEVEL: process.env['BILLVAULT_LOG_LEVEL'] ?? 'silent',
  };
  const resources = await openResources(readConfig({ ...environment, ...settings }));
  writeFileSync(environmentFile, exportLines({ ...environment, ...identity }), { mode: 0o600 });
  const tell = tellTo(process.stdout);
  const closing: (() => Promise<void>)[] = [];
  try {
    tell.line('Billvault: a demo on an embedded PostgreSQL and an S3 + STS stand-in; nothing leaves this machine.');
    const teller = { admin: aws.admin, principalArn: user.arn, tell, signal };
    await tellStory({ resources, ...teller });
    const second = await openSecondHalf(resources, { ...environment, ...settings });
    closing.push(second.close);
    const { archive, config, ledgers } = second;
    await tellArchiveStory({ ...teller, archive, config, ledgers, accountId: ourAccount, folder });
    tell.line(`told in ${((performance.now() - began) / 1_000).toFixed(0)} s`);
    if (exit) return;
    const onListening = (url: string) => {
      tell.chapter('Look further, from another terminal');
      tell.line(`psql '${resources.rawUrl}'`);
      tell.line('  select * from raw_acme.hourly_cur limit 5;');
      tell.line(`curl -s ${url}/v1/status`);
      tell.line(`curl -s ${url}/v1/archive/status`);
      tell.line(`. ${environmentFile} && npx billvault status && npx billvault archive status`);
      tell.line('running until Ctrl-C');
    };
    await runService({ ...resources, archive, config }, { part: 'all', signal, onListening });
    tell.line('stopped');
  } finally {
    for (const close of closing) await close();
    await resources.close();
    await aws.close();
    removePlace(join(resources.config.dataFolder, 'postgres'));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The archive, configured as an operator would: by a billvault.yaml, and databases named in the environment. */
async function openSecondHalf(
  { ingest, log, rawUrl }: Resources,
  environment: Readonly<Record<string, string>>,
): Promise<SecondHalf> {
  const ledgers = await makeLedgers(rawUrl, ingest.now());
  writeFileSync(settingsFile, demoSettings);
  const more = {
    BILLVAULT_CONFIG: settingsFile,
    LEDGER_DATABASE_URL: ledgers.ledgerUrl,
    FRESH_DATABASE_URL: ledgers.freshUrl,
  };
  appendFileSync(environmentFile, exportLines(more));
  const config = readConfig({ ...environment, ...more });
  const opened = await openArchive({ config, registry: ingest.registry, registryUrl: rawUrl, log, now: ingest.now });
  if (opened === undefined) throw new Error('the demo has no archive');
  return { ...opened, config, ledgers };
}

interface SecondHalf extends OpenArchive {
  readonly config: Config;
  readonly ledgers: Ledgers;
}

function exportLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join('');
}

function readArguments(): { readonly exit: boolean } {
  try {
    return parseArgs({ options: { exit: { type: 'boolean', default: false } } }).values;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('BAD_INPUT', `${message}: usage is npm run demo [-- --exit]`, { cause });
  }
}

/** Every demo begins anew; one that runs still is left alone. */
function clearFolder(): void {
  const other = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0;
  if (other > 0 && other !== process.pid && isAlive(other)) {
    throw new AppError('CONFLICT', `a demo runs in this folder already (process ${other}): end it first`);
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(pidFile, String(process.pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

try {
  await main(stopSignal());
} catch (error) {
  process.exitCode = reportFailure(error, process.stderr);
}
