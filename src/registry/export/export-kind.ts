import type { ExportKind as StoredKind } from '../generated/client.ts';

/** The kinds in the words of people and of the database; Prisma's own enum can't hold a dash or a dot. */
export const exportKinds = ['cur-legacy', 'cur2', 'focus-1.0', 'focus-1.2', 'files'] as const;

export type ExportKind = (typeof exportKinds)[number];

const stored: Readonly<Record<ExportKind, StoredKind>> = {
  'cur-legacy': 'cur_legacy',
  cur2: 'cur2',
  'focus-1.0': 'focus_1_0',
  'focus-1.2': 'focus_1_2',
  files: 'files',
};

const spoken = Object.fromEntries(exportKinds.map((kind) => [stored[kind], kind])) as Readonly<
  Record<StoredKind, ExportKind>
>;

export function toStoredKind(kind: ExportKind): StoredKind {
  return stored[kind];
}

export function fromStoredKind(kind: StoredKind): ExportKind {
  return spoken[kind];
}
