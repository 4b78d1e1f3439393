import { storableText } from './file/mark-failed.ts';
import type { Registry } from './registry.ts';

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
      values (${about.clientId}, ${about.exportId}, ${code}, ${storableText(subject)}, ${storableText(text)})
      on conflict (client_id, code, subject) do update
        set text = excluded.text, last_seen_at = now(), export_id = coalesce(excluded.export_id, warning.export_id)`;
  }
}
