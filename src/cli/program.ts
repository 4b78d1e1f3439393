import { Command, CommanderError } from 'commander';
import { exitCodeOf, reportFailure } from '../exit-code.ts';
import { version } from '../version.ts';
import { archiveCommand, policyCommand } from './archive/archive.ts';
import { type Cli, type CliIo, createCli } from './cli.ts';
import { clientAdd } from './client/add.ts';
import { clientList } from './client/list.ts';
import { clientOffboard } from './client/offboard.ts';
import { newGroup } from './command.ts';
import { databaseCommand } from './database.ts';
import { deliveriesCommand } from './deliveries.ts';
import { deliveryPublish } from './delivery/publish.ts';
import { discoverCommand } from './discover.ts';
import { exportList } from './export/list.ts';
import { exportSet } from './export/set.ts';
import { exportShow } from './export/show.ts';
import { fileList } from './file/list.ts';
import { fileReprocess } from './file/reprocess.ts';
import { fileShow } from './file/show.ts';
import { fileVerify } from './file/verify.ts';
import { healthCommand } from './health.ts';
import { preflightCommand } from './preflight.ts';
import { roleAdd } from './role/add.ts';
import { roleList } from './role/list.ts';
import { roleShow } from './role/show.ts';
import { runCommand } from './run.ts';
import { runsCommand } from './runs.ts';
import { statusCommand } from './status.ts';
import { verifyCommand } from './verify.ts';
import { warningsCommand } from './warnings.ts';
import { workerCommand } from './worker.ts';

const description = `Brings clients' AWS billing exports into PostgreSQL, exactly once and whole, and takes aged tables out of it into a
write-once archive that can be proved, queried and restored (billvault archive --help).

Without settings it uses the PostgreSQL in ./.billvault, also beside a running service (npm start).`;

const firstSteps = `
First steps:
  $ billvault client add acme
  $ billvault role add acme arn:aws:iam::123456789012:role/billvault --bucket acme-billing --prefix cur/
  $ billvault preflight acme --bucket acme-billing --prefix cur/
  $ billvault discover acme --bucket acme-billing --prefix cur/
  $ billvault run acme/EXPORT
  $ billvault status

Exit codes: 0 done, 2 wrong usage or settings, 3 not found, 4 conflict or illegal state, 5 access refused,
            6 a file or its data, 7 may pass by itself, 1 anything else`;

/**
 * Runs one command line, without the program's own name.
 * @returns the exit code
 */
export async function runBillvault(args: readonly string[], io: CliIo): Promise<number> {
  try {
    await buildProgram(io).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(error, io.stderr);
    return error.exitCode === 0 ? 0 : exitCodeOf('BAD_INPUT');
  }
}

function buildProgram(io: CliIo): Command {
  const program = new Command('billvault')
    .description(description)
    .version(version)
    .option('--verbose', 'log to standard error what happens')
    .addHelpText('after', firstSteps)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'error BAD_INPUT: ')),
    });
  const cli = createCli(io, () => program.opts<{ verbose?: boolean }>().verbose === true);
  for (const command of commandsOf(cli)) program.addCommand(command);
  inheritSettings(program);
  return program;
}

function commandsOf(cli: Cli): readonly Command[] {
  return [
    newGroup('client', 'customers whose bills come in', [clientAdd(cli), clientList(cli), clientOffboard(cli)]),
    newGroup('role', "the clients' IAM roles", [roleAdd(cli), roleList(cli), roleShow(cli)]),
    preflightCommand(cli),
    discoverCommand(cli),
    newGroup('export', 'billing exports', [exportList(cli), exportShow(cli), exportSet(cli)]),
    runCommand(cli),
    statusCommand(cli),
    runsCommand(cli),
    deliveriesCommand(cli),
    newGroup('delivery', 'one delivery', [deliveryPublish(cli)]),
    newGroup('file', 'files of deliveries', [fileList(cli), fileShow(cli), fileReprocess(cli), fileVerify(cli)]),
    warningsCommand(cli),
    workerCommand(cli),
    healthCommand(cli),
    databaseCommand(cli),
    archiveCommand(cli),
    policyCommand(cli),
    verifyCommand(cli),
  ];
}

/** `addCommand` leaves each command its own output and exit. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inheritSettings(command);
  }
}
