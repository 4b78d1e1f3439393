import type { Command } from 'commander';
import { publishByHand } from '../../ingest/publish/publish-by-hand.ts';
import { parseId } from '../arguments.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';

export function deliveryPublish(cli: Cli): Command {
  return newCommand({
    name: 'publish',
    summary: 'make an older delivery the current one again',
    description:
      'Makes a superseded delivery, whose tables are still there, the current one of its period again. It stays so until a newer one arrives. Who did it is recorded.',
    examples: ['delivery publish 42'],
  })
    .argument('<id>', 'number of the delivery, as in billvault deliveries', parseId)
    .action(async (deliveryId: number, options: PrintOptions) => {
      const { actor } = cli;
      const outcome = await cli.withResources(({ ingest }) => publishByHand(ingest, { deliveryId, actor }));
      cli.print(options, { deliveryId, outcome }, () =>
        outcome === 'published'
          ? `delivery ${deliveryId} is the current one now`
          : `delivery ${deliveryId} is the current one already`,
      );
    });
}
