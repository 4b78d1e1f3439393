import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ByteSource } from '../src/parquet/byte-source.ts';
import { readFooter } from '../src/parquet/footer.ts';
import { defaultLimits } from '../src/parquet/limits.ts';
import { openParquet } from '../src/parquet/parquet-file.ts';
import { decodeRows } from '../src/parquet/row-decoder.ts';
import { makeBillingParquet } from './support/billing-parquet.ts';

/**
 * Parquet to COPY text alone, no database: `node bench/parquet-decode.ts [file] [--rows 300000] [--runs 3] [--here]`.
 * `--here` decodes in the main thread, where `node --cpu-prof` sees it.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '300000' },
    runs: { type: 'string', default: '3' },
    'row-group-size': { type: 'string', default: '122880' },
    here: { type: 'boolean', default: false },
  },
});

async function decodeHere(source: ByteSource): Promise<number> {
  let bytes = 0;
  const layout = await readFooter(source, defaultLimits);
  const columns = [...layout.schema.columns.keys()];
  await decodeRows({
    source,
    layout,
    limits: defaultLimits,
    request: { columns, asText: new Set(), moreColumns: new Map() },
    output: {
      emit: (_, length) => {
        bytes += length;
      },
      wanted: () => undefined,
    },
  });
  return bytes;
}

async function decodeInThread(source: ByteSource): Promise<number> {
  let bytes = 0;
  const file = await openParquet(source);
  for await (const chunk of file.copyRows()) bytes += chunk.length;
  await file.close();
  return bytes;
}

const [given] = positionals;
const path = given ?? join(tmpdir(), `billvault-bench-${process.pid}.parquet`);
if (given === undefined) {
  await makeBillingParquet({ path, rows: Number(values.rows), rowGroupRows: Number(values['row-group-size']) });
}
const file = await open(path);
const { size: sizeBytes } = await file.stat();
const source: ByteSource = {
  sizeBytes,
  read: async (start, end) => {
    const bytes = Buffer.allocUnsafeSlow(end - start);
    await file.read(bytes, 0, bytes.length, start);
    return bytes;
  },
};
for (let run = 0; run < Number(values.runs); run++) {
  const begun = performance.now();
  const bytes = await (values.here ? decodeHere : decodeInThread)(source);
  const seconds = (performance.now() - begun) / 1000;
  const peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(
    `${(sizeBytes / 1e6).toFixed(0)} MB of parquet, ${(bytes / 1e6).toFixed(0)} MB of text: ${seconds.toFixed(2)} s, peak ${peakMegabytes} MB\n`,
  );
}
await file.close();
if (given === undefined) await rm(path, { force: true });
