import type { Command } from 'commander';
import { publicKeys } from '../../../archive/manifest/public-keys.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { withArchive } from '../with-archive.ts';

export function keyShow(cli: Cli): Command {
  return newCommand({
    name: 'show',
    summary: 'print the public keys by which auditors verify the manifests',
    description:
      'Prints the public half of the key that signs now, then those before it that are trusted still, as PEM: all that "billvault verify --offline" needs besides the files.',
    examples: ['archive key show', 'archive key show > archive.pub'],
  }).action(async (options: PrintOptions) => {
    const shown = await withArchive(cli, async ({ signer, publicKeys: texts }) => {
      const trusted = [...publicKeys(texts).values()];
      return {
        keyId: signer.keyId,
        publicKeyPem: signer.publicKeyPem,
        earlier: trusted
          .filter(({ keyId }) => keyId !== signer.keyId)
          .map(({ keyId, pem }) => ({ keyId, publicKeyPem: pem })),
      };
    });
    cli.print(options, shown, () =>
      [shown, ...shown.earlier].map(({ publicKeyPem }) => publicKeyPem.trimEnd()).join('\n'),
    );
  });
}
