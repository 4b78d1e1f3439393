// `npm run demo`: the main job end to end, on the embedded PostgreSQL and the S3 + STS stand-in, with made-up exports.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../../config.ts';
import { reportFailure } from '../../exit-code.ts';
import { openResources } from '../../resources.ts';
import { startSandboxAws } from '../../sandbox/aws/server.ts';
import { runService } from '../../service.ts';
import { stopSignal } from '../../stop-signal.ts';
import { tellStory } from './story.ts';
import { tellTo } from './tell.ts';

const folder = join('.billvault', 'demo');
const ourAccount = '999988887777';

async function main(signal: AbortSignal): Promise<void> {
  const { values } = parseArgs({ options: { exit: { type: 'boolean', default: false } } });
  const began = performance.now();
  const aws = await startSandboxAws();
  const user = await aws.admin.createUser({ accountId: ourAccount, name: 'billvault' });
  // Where the AWS SDK looks for who we are; on a real machine the instance's or the container's role is found instead.
  process.env['AWS_ACCESS_KEY_ID'] = user.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = user.secretAccessKey;
  rmSync(folder, { recursive: true, force: true });
  const environment = {
    BILLVAULT_DATA_FOLDER: folder,
    BILLVAULT_AWS_S3_ENDPOINT: aws.endpoint,
    BILLVAULT_AWS_STS_ENDPOINT: aws.endpoint,
    BILLVAULT_AWS_PRINCIPAL_ARN: user.arn,
    BILLVAULT_API_PORT: process.env['BILLVAULT_API_PORT'] ?? '8080',
    BILLVAULT_LOG_LEVEL: process.env['BILLVAULT_LOG_LEVEL'] ?? 'silent',
  };
  const resources = await openResources(readConfig(environment));
  const tell = tellTo(process.stdout);
  try {
    tell.line('Billvault: a demo on an embedded PostgreSQL and an S3 + STS stand-in; nothing leaves this machine.');
    await tellStory({ resources, admin: aws.admin, principalArn: user.arn, tell, signal });
    tell.line(`told in ${((performance.now() - began) / 1_000).toFixed(0)} s`);
    if (values.exit) return;
    tell.chapter('Look further');
    tell.line(`psql '${resources.rawUrl}'`);
    tell.line(`  select * from raw_acme.hourly_cur limit 5;`);
    tell.line(`API: http://127.0.0.1:${environment.BILLVAULT_API_PORT}/v1/status`);
    tell.line(`CLI: BILLVAULT_DATA_FOLDER=${folder} npx billvault status`);
    tell.line('running until Ctrl-C');
    await runService(resources, 'all', signal);
  } finally {
    await resources.close();
    await aws.close();
  }
}

try {
  await main(stopSignal());
} catch (error) {
  process.exitCode = reportFailure(error, process.stderr);
}
