import type { ExportKind } from './kind.ts';

/** Leaves room below PostgreSQL's 63 bytes for what is put behind it (a delivery's own table). */
export const maxTableNameLength = 40;

const kindWords: Readonly<Record<ExportKind, string>> = {
  'cur-legacy': 'cur',
  cur2: 'cur2',
  'focus-1.0': 'focus_1_0',
  'focus-1.2': 'focus_1_2',
  files: 'files',
};

export interface TableNameOptions {
  /** The report's or export's own name in AWS. */
  readonly sourceName: string;
  readonly kind: ExportKind;
  /** Names that the client's other exports have. */
  readonly taken: ReadonlySet<string>;
}

/** A proposal for an export's table: what AWS calls it and what it holds, as a plain lower-case SQL name nobody has yet. */
export function tableNameFor({ sourceName, kind, taken }: TableNameOptions): string {
  const word = kindWords[kind];
  const slug = slugOf(sourceName);
  const stem =
    slug === '' || slug === word || slug.endsWith(`_${word}`) ? slug || word : `${fit(slug, word.length + 1)}_${word}`;
  const name = fit(/^[a-z]/.test(stem) ? stem : `t_${stem}`, 0);
  for (let number = 1; ; number++) {
    const ending = number === 1 ? '' : `_${number}`;
    const candidate = fit(name, ending.length) + ending;
    if (!taken.has(candidate)) return candidate;
  }
}

/** Accents off, everything else that SQL would want quoted to underscores. */
function slugOf(sourceName: string): string {
  const plain = sourceName
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
}

function fit(text: string, reserved: number): string {
  return text.slice(0, maxTableNameLength - reserved).replace(/_+$/, '');
}
