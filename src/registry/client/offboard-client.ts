import { AppError } from '../../errors.ts';
import { recordAudit } from '../audit.ts';
import type { PrismaClient } from '../generated/client.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';

/**
 * From here on no file of the client is handed out and no export of it discovered. Repeating it changes nothing.
 * @returns the client's id
 * @throws AppError NOT_FOUND
 */
export async function markOffboarded(
  registry: PrismaClient,
  { name, actor }: { readonly name: string; readonly actor: string },
): Promise<number> {
  return registry.$transaction(async (tx) => {
    const client = await tx.client.findUnique({ where: { name } });
    if (client === null) throw new AppError('NOT_FOUND', `there is no client ${JSON.stringify(name)}`);
    const changed = await tx.$executeRaw`
      update registry.client set offboarded_at = now() where id = ${client.id} and offboarded_at is null`;
    if (changed === 1) await recordAudit(tx, { actor, action: 'client.offboarded', subject: `client/${name}` });
    return client.id;
  });
}

/** Files of the client that a worker holds now. */
export async function listHeldFiles(registry: Registry, clientId: number): Promise<readonly number[]> {
  const rows = await registry.$queryRaw<{ id: bigint }[]>`
    select f.id
      from registry.file f
      join registry.delivery d on d.id = f.delivery_id
      join registry.export e on e.id = d.export_id
     where e.client_id = ${clientId} and f.lease_until > now()
     order by f.id`;
  return rows.map(({ id }) => safeInteger(id));
}

/**
 * Every delivery of an offboarded client → DROPPED: the registry follows the raw database, whose schema is gone.
 * @returns how many
 */
export async function markClientDropped(registry: Registry, clientId: number): Promise<number> {
  return registry.$executeRaw`
    update registry.delivery d
       set state = 'DROPPED', dropped_at = now(), superseded_at = coalesce(superseded_at, now())
      from registry.export e, registry.client c
     where e.id = d.export_id and c.id = e.client_id and c.id = ${clientId}
       and c.offboarded_at is not null and d.state <> 'DROPPED'`;
}
