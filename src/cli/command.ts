import { Command } from 'commander';

export interface CommandText {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What a newcomer has to know; the summary where there is no more to say. */
  readonly description?: string;
  /** Command lines without `billvault`. */
  readonly examples: readonly string[];
  /** True where the output can be JSON; most can. */
  readonly hasJson?: boolean;
}

export function newCommand({ name, summary, description, examples, hasJson = true }: CommandText): Command {
  const command = new Command(name).summary(summary).description(description ?? sentence(summary));
  if (hasJson) command.option('--json', 'print JSON for programs instead of text for people');
  const lines = examples.map((example) => `  $ billvault ${example}`);
  return command.addHelpText('after', `\nExample${examples.length > 1 ? 's' : ''}:\n${lines.join('\n')}`);
}

export function newGroup(name: string, summary: string, commands: readonly Command[]): Command {
  const group = new Command(name).summary(summary).description(sentence(summary));
  for (const command of commands) group.addCommand(command);
  return group;
}

function sentence(summary: string): string {
  return `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`;
}
