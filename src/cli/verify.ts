import { readFile, stat } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { type PublicKeys, publicKeys } from '../archive/manifest/public-keys.ts';
import type { OfflineFinding } from '../archive/offline/finding.ts';
import { type FolderVerification, type SourceChain, verifyFolder } from '../archive/offline/verify-folder.ts';
import { countOf, rowsOf } from '../archive/plan/reason.ts';
import { AppError } from '../errors.ts';
import type { Cli, PrintOptions } from './cli.ts';
import { newCommand } from './command.ts';
import { bytes, count } from './output/format.ts';
import { type Column, facts, table } from './output/table.ts';

interface VerifyOptions extends PrintOptions {
  readonly offline: string;
  readonly publicKey: readonly string[];
  readonly head?: readonly string[];
  readonly deep: boolean;
}

/** A file of keys has some hundred bytes each. */
const maxKeyFileBytes = 100_000;

export function verifyCommand(cli: Cli): Command {
  return newCommand({
    name: 'verify',
    summary: 'prove a downloaded archive with nothing but the public key',
    description: `Checks a folder with manifests and parts, as "aws s3 sync" brings it: signatures, the chain of the manifests, every
part's bytes and every row. Needs no database, no settings and no network. Ends with 6 when anything is wrong. The service's own
look at the bucket, against its registry, is "billvault archive verify".

Give --head when you know the SHA-256 of a manifest from elsewhere: without one, a cut-off end of the chain cannot show.`,
    examples: [
      'verify --offline ./archive --public-key archive.pub',
      'verify --offline ./archive --public-key old.pub new.pub --head 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    ],
  })
    .requiredOption('--offline <folder>', 'the downloaded archive, or a part of it from some prefix on')
    .requiredOption('--public-key <file...>', 'Ed25519 public keys that may have signed it, PEM')
    .option(
      '--head <sha256...>',
      "SHA-256 of a manifest that must be there, at most one of each source's chain",
      parseHeads,
    )
    .option('--deep', 'decode every part and digest its rows', true)
    .option('--no-deep', 'check only sizes and SHA-256 of the files')
    .action(async ({ offline, publicKey, head, deep, ...options }: VerifyOptions) => {
      const verification = await verifyFolder({
        folder: offline,
        keys: await readPublicKeys(publicKey),
        heads: head ?? [],
        isDeep: deep,
        now: new Date(),
        signal: cli.io.signal,
      });
      cli.print(options, verification, () => verificationText(verification));
      if (!verification.ok) throw new AppError('PROOF_FAILED', `${offline} is not what was archived, or not all of it`);
    });
}

function parseHeads(text: string, before: readonly string[] = []): readonly string[] {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new InvalidArgumentError('Give a SHA-256 of 64 hexadecimal digits.');
  return [...before, text.toLowerCase()];
}

/** @throws AppError NOT_FOUND, BAD_CONFIG */
async function readPublicKeys(paths: readonly string[]): Promise<PublicKeys> {
  const texts = await Promise.all(paths.map(readKeyFile));
  return publicKeys(texts);
}

async function readKeyFile(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > maxKeyFileBytes) throw new Error(`it has more than ${maxKeyFileBytes} bytes`);
    return await readFile(path, 'utf8');
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('NOT_FOUND', `the public key ${path} cannot be read: ${text}`, { cause });
  }
}

const sourceColumns: readonly Column<SourceChain>[] = [
  { title: 'source', of: ({ source }) => source },
  { title: 'manifests', align: 'right', of: ({ manifests }) => count(manifests) },
  { title: 'expired', of: ({ expired }) => expired.map(expiredText).join(', ') },
  { title: 'anchored', of: ({ isAnchored }) => (isAnchored ? 'by --head' : 'no') },
  { title: 'head (SHA-256 of the last)', of: ({ head }) => head },
];

function expiredText({ from, to, until }: SourceChain['expired'][number]): string {
  return `${from === to ? from : `${from} to ${to}`} (kept until ${until.slice(0, 10)})`;
}

const findingColumns: readonly Column<OfflineFinding>[] = [
  { title: 'code', of: ({ code }) => code },
  { title: 'file', of: ({ path }) => path },
  { title: 'finding', of: ({ text }) => text },
];

/** Of what is here: parts that have expired are counted above. */
function verdict({ manifests, files, rows, isDeep }: FolderVerification): string {
  const stored = `${countOf(manifests, 'manifest')}, ${countOf(files, 'part')}`;
  if (isDeep) return `${stored}, ${rowsOf(rows)}: all proved`;
  return `${stored}: the bytes of all are right; rows were not decoded (--no-deep)`;
}

function verificationText(verification: FolderVerification): string {
  const { sources, findings, findingsOmitted, isDeep } = verification;
  const summary = facts([
    ['manifests', count(verification.manifests)],
    ['parts named', count(verification.parts)],
    ['files right', `${count(verification.files)} (${bytes(verification.bytes)})`],
    [
      'rows proved',
      isDeep ? `${count(verification.rows)} in ${countOf(verification.deepFiles, 'part')}` : 'not decoded',
    ],
    ['expired parts', count(verification.expired)],
    ...(verification.replaced === 0 ? [] : [['replaced parts', count(verification.replaced)] as const]),
    ['other files', count(verification.otherFiles)],
    ['findings', count(findings.length + findingsOmitted)],
  ]);
  const more = findingsOmitted === 0 ? [] : [`… and ${count(findingsOmitted)} more`];
  return [
    summary,
    ...(sources.length === 0 ? [] : [table(sourceColumns, sources)]),
    ...(findings.length === 0 ? [] : [table(findingColumns, findings)]),
    ...more,
    ...(verification.ok ? [verdict(verification)] : []),
  ].join('\n\n');
}
