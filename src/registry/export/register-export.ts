import { AppError } from '../../errors.ts';
import { recordAudit } from '../audit.ts';
import type { Export, PrismaClient } from '../generated/client.ts';
import { isUniqueViolation } from '../registry-error.ts';
import { type ExportKind, toStoredKind } from './export-kind.ts';

export interface NewExport {
  readonly clientId: number;
  readonly clientName: string;
  readonly roleId: number;
  readonly kind: ExportKind;
  readonly bucket: string;
  readonly bucketRegion: string | null;
  readonly root: string;
  readonly sourceName: string;
  readonly payerAccount: string | null;
  readonly schedule: string;
  readonly settleDays: number;
  readonly keepSupersededDays: number;
  /** First wanted period, `2024-01-01`; null: only those being watched. */
  readonly fromPeriod: string | null;
  /** Proposes a name that none of the client's exports has. */
  readonly nameFor: (taken: ReadonlySet<string>) => string;
  readonly actor: string;
}

const maxNameAttempts = 5;

/** The export at this place, registered if it is new; an earlier `fromPeriod` than the known one is taken over. */
export async function registerExport(registry: PrismaClient, wanted: NewExport): Promise<Export> {
  for (let attempt = 1; attempt <= maxNameAttempts; attempt += 1) {
    const known = await findExport(registry, wanted);
    if (known !== null) return updateFacts(registry, known, wanted);
    try {
      return await createExport(registry, wanted);
    } catch (error) {
      // Another discovery registered this place, or took this name, at the same moment.
      if (!isUniqueViolation(error)) throw error;
    }
  }
  throw new AppError('CONFLICT', `export at ${wanted.bucket}/${wanted.root}: no free name was found, try again`);
}

function findExport(registry: PrismaClient, { clientId, bucket, root, kind }: NewExport): Promise<Export | null> {
  return registry.export.findUnique({
    where: { clientId_bucket_root_kind: { clientId, bucket, root, kind: toStoredKind(kind) } },
  });
}

async function updateFacts(registry: PrismaClient, known: Export, wanted: NewExport): Promise<Export> {
  const from = wanted.fromPeriod === null ? null : new Date(`${wanted.fromPeriod}T00:00:00Z`);
  const isEarlier = from !== null && (known.fromPeriod === null || from < known.fromPeriod);
  return registry.export.update({
    where: { id: known.id },
    data: {
      bucketRegion: wanted.bucketRegion ?? known.bucketRegion,
      payerAccount: wanted.payerAccount ?? known.payerAccount,
      ...(isEarlier && { fromPeriod: from }),
    },
  });
}

async function createExport(registry: PrismaClient, wanted: NewExport): Promise<Export> {
  const { nameFor, actor, clientName, fromPeriod, kind, ...facts } = wanted;
  const others = await registry.export.findMany({ where: { clientId: wanted.clientId }, select: { name: true } });
  const name = nameFor(new Set(others.map((other) => other.name)));
  return registry.$transaction(async (tx) => {
    const created = await tx.export.create({
      data: {
        ...facts,
        kind: toStoredKind(kind),
        name,
        tableName: name,
        fromPeriod: fromPeriod === null ? null : new Date(`${fromPeriod}T00:00:00Z`),
      },
    });
    const detail = { kind, bucket: wanted.bucket, root: wanted.root };
    await recordAudit(tx, { actor, action: 'export.registered', subject: `export/${clientName}/${name}`, detail });
    return created;
  });
}
