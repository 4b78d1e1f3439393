import type { Command } from 'commander';
import { AppError } from '../../errors.ts';
import { type Verification, verifyFile } from '../../ingest/verify/verify-file.ts';
import { parseId } from '../arguments.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { count } from '../output/format.ts';
import { type Column, table } from '../output/table.ts';

export function fileVerify(cli: Cli): Command {
  return newCommand({
    name: 'verify',
    summary: 'prove that the database holds what the file holds',
    description:
      'Reads the object again, a CSV with a second parser, and compares every cell of every row with the database. Ends with 6 when they differ.',
    examples: ['file verify 42'],
  })
    .argument('<id>', 'number of an INGESTED file', parseId)
    .action(async (fileId: number, options: PrintOptions) => {
      const { signal } = cli.io;
      const verification = await cli.withResources(({ ingest }) => verifyFile(ingest, { fileId, signal }));
      cli.print(options, verification, () => verificationText(verification));
      if (!verification.ok) {
        throw new AppError('DIGEST_MISMATCH', `file ${fileId}: the database does not hold what the object holds`);
      }
    });
}

type Difference = Verification['differences'][number];

const columns: readonly Column<Difference>[] = [
  { title: 'row', align: 'right', of: ({ row }) => (row === 0 ? 'file' : String(row)) },
  { title: 'column', of: ({ column }) => column ?? '' },
  { title: 'in the file', of: ({ file }) => valueText(file) },
  { title: 'in the database', of: ({ database }) => valueText(database) },
];

/** Quoted, so that null, an empty text and a missing row look different. */
function valueText(value: string | null | undefined): string {
  if (value === undefined) return 'no such row';
  return value === null ? 'null' : JSON.stringify(value);
}

function verificationText({ fileId, rows, cells, sha256, ok, differences }: Verification): string {
  const compared = `file ${fileId}: ${count(rows)} rows, ${count(cells)} cells compared, SHA-256 ${sha256}`;
  return ok ? `${compared}: equal` : `${compared}: NOT equal\n\n${table(columns, differences)}`;
}
