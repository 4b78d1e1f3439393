import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { openResources } from '../resources.ts';
import { runService } from '../service.ts';
import type { Cli } from './cli.ts';
import { newCommand } from './command.ts';

export function workerCommand(cli: Cli): Command {
  return newCommand({
    name: 'worker',
    summary: 'load files until stopped, beside the service',
    description:
      'Loads files until SIGTERM or Ctrl-C, without API and jobs: start as many as you like, on as many machines as reach the databases. BILLVAULT_WORKERS says how many files at a time.',
    examples: ['worker'],
    hasJson: false,
  }).action(async () => {
    const { environment, folder, signal } = cli.io;
    const resources = await openResources(readConfig(environment, folder));
    try {
      await runService(resources, { part: 'workers', signal });
    } finally {
      await resources.close();
    }
  });
}
