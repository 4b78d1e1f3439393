import { listMonthGaps, listMonthsWithoutManifest } from '../../registry/archive/archive-gaps.ts';
import { beforeGrace, type ValidationJob } from './validation-job.ts';

/** Months that are missing between others: of a table without a unit, of a source without a manifest. */
export async function validateGaps(job: ValidationJob): Promise<void> {
  const { context, selection, findings } = job;
  for (const { source, schema, table, month, rows } of await listMonthGaps(context.registry, selection)) {
    const text = `${rows} rows of this month are in the table and not in the archive, though months before and after are`;
    findings.add('error', 'GAP', `${source}/${schema}.${table} ${month}`, text);
  }
  const proved = { ...selection, before: beforeGrace(job) };
  for (const { source, month } of await listMonthsWithoutManifest(context.registry, proved)) {
    findings.add(
      'error',
      'MANIFEST_MISSING',
      `${source} ${month}`,
      'parts of this month were proved, and no manifest names them',
    );
  }
}
