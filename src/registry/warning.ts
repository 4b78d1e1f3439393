import { createHash } from 'node:crypto';
import { storableText } from './file/mark-failed.ts';
import type { Registry } from './registry.ts';

/** Room for an S3 key and some words. */
const maxSubjectBytes = 1_200;

export interface FoundWarning {
  readonly code: string;
  /** What it is about; with the code, one row of a client. */
  readonly subject: string;
  readonly text: string;
}

/** Writes what a discovery found odd; a warning that is known already is only seen again. */
export async function recordWarnings(
  registry: Registry,
  about: { readonly clientId: number; readonly exportId: number | null },
  warnings: readonly FoundWarning[],
): Promise<void> {
  for (const { code, subject, text } of warnings) {
    await registry.$executeRaw`
      insert into registry.warning (client_id, export_id, code, subject, text)
      values (${about.clientId}, ${about.exportId}, ${code}, ${storableSubject(subject)}, ${storableText(text)})
      on conflict (client_id, code, subject) do update
        set text = excluded.text, last_seen_at = now(), export_id = coalesce(excluded.export_id, warning.export_id)`;
  }
}

/** A part of an index, whose entries have at most 2,704 bytes: a long one is cut, and stays itself by its digest. */
function storableSubject(subject: string): string {
  const text = storableText(subject);
  if (Buffer.byteLength(text) <= maxSubjectBytes) return text;
  const digest = createHash('sha256').update(subject).digest('hex').slice(0, 16);
  return `${text.slice(0, maxSubjectBytes / 4 - 20)} … ${digest}`;
}
