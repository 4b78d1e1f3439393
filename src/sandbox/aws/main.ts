import { parseArgs } from 'node:util';
import { startSandboxAws } from './server.ts';

/**
 * The stand-in as a process of its own: `node src/sandbox/aws/main.ts --port 4566 --folder ./sandbox`. Prints one line of
 * JSON, `{"endpoint","adminToken"}`, when it serves, and ends on SIGTERM or SIGINT. `--user ACCOUNT:NAME:KEY:SECRET` makes
 * a user with known keys, who may assume whatever role trusts it; `--admin` one who may do everything in its account.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    folder: { type: 'string' },
    region: { type: 'string', default: 'us-east-1' },
    user: { type: 'string', multiple: true, default: [] },
    admin: { type: 'string', multiple: true, default: [] },
  },
});

const sandbox = await startSandboxAws({
  port: Number(values.port),
  host: values.host,
  defaultRegion: values.region,
  ...(values.folder === undefined ? {} : { folder: values.folder }),
});
const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
for (const user of values.user) await sandbox.admin.createUser(parseUser(user));
for (const user of values.admin) await sandbox.admin.createUser({ ...parseUser(user), policy: everything });
process.stdout.write(`${JSON.stringify({ endpoint: sandbox.endpoint, adminToken: sandbox.adminToken })}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void sandbox.close());

function parseUser(text: string) {
  const [accountId, name, accessKeyId, secretAccessKey] = text.split(':');
  if (!accountId || !name || !accessKeyId || !secretAccessKey) {
    throw new Error('--user and --admin take ACCOUNT:NAME:KEY:SECRET');
  }
  return { accountId, name, accessKey: { accessKeyId, secretAccessKey } };
}
