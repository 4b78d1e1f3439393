import { resolve } from 'node:path';
import type { Policy } from '../../archive/policy/policy.ts';
import { type Config, readConfig } from '../../config.ts';
import { AppError } from '../../errors.ts';
import { checkSchedule } from '../../jobs.ts';
import type { CliIo } from '../cli.ts';

/**
 * The policies of billvault.yaml, or those of another file of the same shape.
 * @throws AppError BAD_CONFIG, POLICY_INVALID, BAD_INPUT for a schedule that is none
 */
export function declaredPolicies(io: CliIo, config: Config, file: string | undefined): readonly Policy[] {
  const { archive } = file === undefined ? config : readOther(io, file);
  if (archive === undefined) throw new AppError('BAD_CONFIG', `${file} has no section "archive"`);
  for (const { schedule } of archive.policies) checkSchedule(schedule);
  return archive.policies;
}

function readOther({ environment, folder }: CliIo, file: string): Config {
  return readConfig({ ...environment, BILLVAULT_CONFIG: resolve(folder, file) }, folder);
}
