import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** Real files that are not part of the project; tests over them are skipped where they are absent. */
export const samples = process.env['BILLVAULT_TEST_SAMPLES'] ?? resolve(import.meta.dirname, '../../../shared/samples');

export const withoutSamples = existsSync(samples) ? false : `no samples at ${samples}: set BILLVAULT_TEST_SAMPLES`;
