import type { Command } from 'commander';
import {
  parseRestoreRequest,
  type RestoreRequest,
  type RestoreTarget,
} from '../../../archive/restore/restore-request.ts';
import { AppError } from '../../../errors.ts';
import { parseChoice, parseId, parseWhole } from '../../arguments.ts';
import type { PrintOptions } from '../../cli.ts';
import { addSelectionOptions, type SelectionOptions, selectionOf } from '../selection.ts';
import { namesOf, parseTablePath, type TablePath } from '../table-path.ts';

export interface RequestOptions extends PrintOptions, SelectionOptions {
  readonly part?: readonly number[];
  readonly intoSource?: string;
  readonly intoSchema?: string;
  readonly intoTable?: TablePath;
  readonly conflict?: RestoreRequest['conflict'];
  readonly droppedColumns?: RestoreRequest['droppedColumns'];
  readonly tier?: RestoreRequest['tier'];
  readonly copyDays?: number;
  readonly keepDays?: number;
  readonly again?: boolean;
}

const conflicts = ['fail', 'skip', 'overwrite'] as const;
const whatOfDropped = ['refuse', 'extra'] as const;
const tiers = ['Standard', 'Bulk'] as const;
/** What is too many, the verb says. */
const days = parseWhole({ minimum: 0, maximum: 100_000 });

export function addRequestOptions(command: Command): Command {
  return addSelectionOptions(command, { takesPatterns: true })
    .option('--part <number>', 'only this part, as in billvault archive unit show; may be given again', parseParts)
    .option('--into-table <table>', 'into this table instead, SCHEMA.TABLE or SOURCE/SCHEMA.TABLE', parseTablePath)
    .option('--into-schema <schema>', 'into tables of the same names in this schema')
    .option('--into-source <source>', 'into this source database instead of the one that the rows came from')
    .option(
      '--conflict <what>',
      `rows whose key is there already: ${conflicts.join(', ')} (fail)`,
      parseChoice(conflicts),
    )
    .option(
      '--dropped-columns <what>',
      'values of columns that are not there any more: refuse, or extra: into _restored_extra (refuse)',
      parseChoice(whatOfDropped),
    )
    .option('--tier <tier>', 'how fast cold objects are asked for: Standard, Bulk (Standard)', parseTier)
    .option('--copy-days <days>', 'how long readable copies of cold objects stay (7)', days)
    .option('--keep-days <days>', 'how long rows that come back into their own table are not purged again (30)', days)
    .option('--again', 'also what was restored to the same place before');
}

/** @throws AppError BAD_INPUT */
export function requestOf(options: RequestOptions): RestoreRequest {
  const { source, table, from, to } = selectionOf(options);
  if (source === undefined) {
    throw new AppError('BAD_INPUT', 'say what comes back: --source, or --table SOURCE/SCHEMA.TABLE');
  }
  const { part, conflict, droppedColumns, tier, copyDays, keepDays, again } = options;
  const selection = defined({ parts: part, tables: table === undefined ? undefined : [table], from, to });
  const how = defined({ conflict, droppedColumns, tier, copyDays, keepDays, again });
  return parseRestoreRequest({ source, selection, target: targetOf(options), ...how });
}

function targetOf({ intoSource, intoSchema, intoTable }: RequestOptions): RestoreTarget {
  if (intoSchema !== undefined && intoTable !== undefined) {
    throw new AppError('BAD_INPUT', 'give --into-table or --into-schema, not both');
  }
  if (intoSource !== undefined && intoTable?.source !== undefined && intoTable.source !== intoSource) {
    throw new AppError('BAD_INPUT', `--into-source is ${intoSource}, and --into-table names ${intoTable.source}`);
  }
  const database = intoSource ?? intoTable?.source;
  const source = database === undefined ? {} : { source: database };
  if (intoTable !== undefined) return { kind: 'table', ...source, ...namesOf(intoTable.table) };
  if (intoSchema !== undefined) return { kind: 'schema', ...source, schema: intoSchema };
  return { kind: 'itself', ...source };
}

function parseParts(text: string, before: readonly number[] = []): readonly number[] {
  return [...before, parseId(text)];
}

function parseTier(text: string): RestoreRequest['tier'] {
  return parseChoice(tiers)(`${text.slice(0, 1).toUpperCase()}${text.slice(1).toLowerCase()}`);
}

function defined(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
