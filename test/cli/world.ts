import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { runBillvault } from '../../src/cli/program.ts';
import { type SandboxAws, startSandboxAws } from '../../src/sandbox/aws/server.ts';
import { makeDelivery } from '../../src/sandbox/exports/delivery.ts';
import { openTestDatabase } from '../support/database.ts';

const ourAccount = '999988887777';
export const clientAccount = '111122223333';
export const roleArn = `arn:aws:iam::${clientAccount}:role/billvault`;
export const bucket = 'acme-bills';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An empty database, the stand-in with one client's bucket, and the command line before them. */
export interface CliWorld extends AsyncDisposable {
  readonly aws: SandboxAws;
  readonly environment: Readonly<Record<string, string>>;
  /** Without billvault.yaml. */
  readonly folder: string;
  run(...args: string[]): Promise<Outcome>;
  /** As where somebody watches: standard error is a terminal. */
  watch(...args: string[]): Promise<Outcome>;
  /** Runs with `--json`; fails unless it ends with 0. */
  json<T>(...args: string[]): Promise<T>;
  put(key: string, body: Uint8Array | string): Promise<void>;
  /** A legacy report of one month in two files, under `cur/bills/`. */
  deliver(
    month: string,
    options?: { readonly version?: number; readonly rows?: number },
  ): Promise<ReturnType<typeof makeDelivery>>;
  /** Makes the role in the client's account, by the policies that the CLI printed. */
  makeRole(policies: { readonly trustPolicy: object; readonly permissionPolicy: object }): Promise<void>;
}

export async function openCliWorld(): Promise<CliWorld> {
  const database = await openTestDatabase();
  const aws = await startSandboxAws({ defaultRegion: 'us-east-1' });
  const user = await aws.admin.createUser({ accountId: ourAccount, name: 'billvault' });
  await aws.admin.createBucket({ name: bucket, accountId: clientAccount });
  const folder = mkdtempSync(join(tmpdir(), 'billvault-cli-'));
  const environment = {
    BILLVAULT_DATABASE_URL: database.url,
    BILLVAULT_AWS_S3_ENDPOINT: aws.endpoint,
    BILLVAULT_AWS_STS_ENDPOINT: aws.endpoint,
    BILLVAULT_AWS_PRINCIPAL_ARN: user.arn,
    BILLVAULT_WORKERS: '2',
    BILLVAULT_POLL_SECONDS: '0.05',
    BILLVAULT_API_PORT: '0',
    AWS_ACCESS_KEY_ID: user.accessKeyId,
    AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
  };
  // The SDK looks for our own identity in the process's environment.
  Object.assign(process.env, environment);
  const run = (...args: string[]) => runWith(args, { environment, folder });
  return {
    aws,
    environment,
    folder,
    run,
    watch: (...args) => runWith(args, { environment, folder, isTTY: true }),
    async json<T>(...args: string[]) {
      const { code, stdout, stderr } = await run(...args, '--json');
      if (code !== 0) throw new Error(`billvault ${args.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
    put: async (key, body) => void (await aws.admin.putObject({ bucket, key, body: Buffer.from(body) })),
    async deliver(month, { version = 1, rows = 60 } = {}) {
      const place = {
        layout: 'legacy-create-new',
        kind: 'cur-legacy',
        format: 'csv.gz',
        bucket,
        prefix: 'cur',
      } as const;
      const made = makeDelivery({ ...place, name: 'bills', month, rows, files: 2, seed: 'cli', version });
      for (const { key, body } of made.objects) await aws.admin.putObject({ bucket, key, body: body() });
      return made;
    },
    async makeRole({ trustPolicy, permissionPolicy }) {
      await aws.admin.putRole({ accountId: clientAccount, name: 'billvault', trustPolicy, policy: permissionPolicy });
    },
    async [Symbol.asyncDispose]() {
      await aws.close();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function runWith(
  args: readonly string[],
  at: {
    readonly environment: Readonly<Record<string, string>>;
    readonly folder: string;
    readonly isTTY?: boolean;
  },
): Promise<Outcome> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const terminal = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      stderr.push(text);
      done();
    },
  });
  const code = await runBillvault(args, {
    stdout: { write: (text) => stdout.push(text) },
    stderr: Object.assign(terminal, { isTTY: at.isTTY === true }),
    environment: at.environment,
    folder: at.folder,
    signal: new AbortController().signal,
  });
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}
