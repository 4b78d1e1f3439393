import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { generateSigningKey } from '../../../archive/manifest/key-signer.ts';
import { AppError } from '../../../errors.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';

interface Options extends PrintOptions {
  readonly out: string;
}

/** Nobody but its owner. */
const privateMode = 0o600;

export function keyNew(cli: Cli): Command {
  return newCommand({
    name: 'new',
    summary: 'make a key that signs manifests: the private half to a file, the public half to the terminal',
    description: `Makes an Ed25519 key. Its private half goes to a new file that only its owner may read, and nowhere else; the public half, which auditors need, is printed. Needs no settings. Whoever changes keys lists the old public one in archive.signing.publicKeys, so that what it signed stays valid.`,
    examples: ['archive key new --out archive-signing-key.pem'],
  })
    .requiredOption('--out <file>', 'where the private half goes; must not exist')
    .action(async ({ out, ...options }: Options) => {
      const { privateKeyPem, publicKeyPem, keyId } = generateSigningKey();
      const path = resolve(cli.io.folder, out);
      writePrivate(path, privateKeyPem);
      cli.print(options, { keyId, publicKeyPem, privateKeyFile: path }, () =>
        [
          `key ${keyId}`,
          publicKeyPem.trimEnd(),
          '',
          `the private half is in ${path}; give it to the service as`,
          `  export BILLVAULT_ARCHIVE_SIGNING_KEY="$(cat ${out})"`,
        ].join('\n'),
      );
    });
}

function writePrivate(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: privateMode, flag: 'wx' });
  } catch (cause) {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    if (isThere) throw new AppError('CONFLICT', `${path} exists already: a key is never overwritten`, { cause });
    throw new AppError('BAD_INPUT', `${path} cannot be written: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}
