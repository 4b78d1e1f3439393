import { checkBucketName } from '../../aws/bucket-name.ts';
import { findClient } from '../../registry/client/find-client.ts';
import { chooseRole } from '../../registry/role/choose-role.ts';
import { recordPreflight } from '../../registry/role/record-preflight.ts';
import type { IngestContext } from '../context.ts';
import type { Finding } from './finding.ts';
import { preflight } from './preflight.ts';

export interface ClientPreflight {
  readonly client: string;
  /** May be left out where the client has one role. */
  readonly roleArn?: string | undefined;
  readonly bucket: string;
  readonly prefix: string;
  readonly actor: string;
  readonly signal?: AbortSignal | undefined;
}

export interface PreflightReport {
  readonly client: string;
  readonly roleArn: string;
  readonly bucket: string;
  readonly prefix: string;
  /** False when any finding is an error. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

/**
 * Preflight of a registered role, kept with the role. What fails is a finding.
 * @throws AppError NOT_FOUND, BAD_INPUT for what cannot be asked at all
 */
export async function preflightClient(context: IngestContext, request: ClientPreflight): Promise<PreflightReport> {
  const { bucket, prefix, actor, signal } = request;
  checkBucketName(bucket);
  const client = await findClient(context.registry, request.client);
  const role = await chooseRole(context.registry, client, request.roleArn);
  const findings = await preflight({
    aws: context.aws,
    role,
    bucket,
    prefix,
    client: client.name,
    now: context.now(),
    ...(signal && { signal }),
  });
  const place = { bucket, prefix };
  await recordPreflight(context.registry, { roleId: role.id, clientName: client.name, place, findings, actor });
  const ok = findings.every(({ severity }) => severity !== 'error');
  return { client: client.name, roleArn: role.arn, ...place, ok, findings };
}
