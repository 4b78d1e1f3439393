import { AwsError } from '../aws-error.ts';
import type { AwsRequest } from '../http/request.ts';
import type { Caller } from '../iam/caller.ts';
import type { World } from '../world.ts';
import type { ChunkSigner } from './aws-chunked.ts';
import type { SignatureClaim } from './signature-claim.ts';
import { scopeOf, signingKey } from './signing-key.ts';
import { verifySignature } from './verify-signature.ts';

export interface Authentication {
  readonly caller: Caller;
  readonly signer: ChunkSigner;
}

/** Who signed the request. @throws AwsError as `Directory.identify` and `verifySignature` */
export function authenticate(
  world: World,
  request: AwsRequest,
  signed: { readonly claim: SignatureClaim; readonly service: 's3' | 'sts' | 'kms'; readonly payloadHash: string },
): Authentication {
  const { claim, payloadHash } = signed;
  if (claim.service !== signed.service) {
    throw new AwsError(
      'AuthorizationHeaderMalformed',
      `signed for the service ${claim.service}, sent to ${signed.service}`,
    );
  }
  const { caller, secretAccessKey } = world.directory.identify(
    claim.accessKeyId,
    claim.sessionToken,
    world.clock.nowMs(),
  );
  verifySignature({ request, claim, secretAccessKey, payloadHash });
  const key = signingKey(secretAccessKey, claim);
  return {
    caller,
    signer: { key, timestamp: claim.timestamp, scope: scopeOf(claim), seedSignature: claim.signature },
  };
}
