import { readConfig } from './config.ts';
import { reportFailure } from './exit-code.ts';
import { openResources } from './resources.ts';
import { runService } from './service.ts';
import { stopSignal } from './stop-signal.ts';

/** The service: API, jobs and workers in one process, until SIGTERM or SIGINT. */
async function main(signal: AbortSignal): Promise<void> {
  const resources = await openResources(readConfig());
  try {
    await runService(resources, { part: 'all', signal });
  } finally {
    await resources.close();
  }
}

try {
  await main(stopSignal());
} catch (error) {
  process.exitCode = reportFailure(error, process.stderr);
}
