import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressEstimate } from '../../src/cli/output/progress-estimate.ts';

const files = [
  { id: 1, sizeBytes: 1_000_000 },
  { id: 2, sizeBytes: 3_000_000 },
];

test('the time left follows from the share of S3 bytes that is done', () => {
  const estimate = new ProgressEstimate(files, 0);
  assert.equal(estimate.at(1_000).secondsLeft, null);
  estimate.copied(1, 10_000_000);
  estimate.processed(1, 'ingested');
  const figures = estimate.at(10_000);
  assert.deepEqual([figures.filesDone, figures.files, figures.bytesDone, figures.bytes], [1, 2, 1_000_000, 4_000_000]);
  assert.equal(figures.megabytesPerSecond, 1);
  assert.equal(figures.secondsLeft, 30);
});

test('a file under way counts by the expansion of those before it, and never as done', () => {
  const estimate = new ProgressEstimate(files, 0);
  estimate.copied(1, 10_000_000);
  estimate.processed(1, 'ingested');
  estimate.copied(2, 15_000_000);
  assert.equal(estimate.at(10_000).bytesDone, 2_500_000);
  estimate.copied(2, 900_000_000);
  assert.ok(estimate.at(10_000).bytesDone < 4_000_000);
});

test('a file that is to be tried again is not done', () => {
  const estimate = new ProgressEstimate(files, 0);
  estimate.copied(1, 500);
  estimate.processed(1, 'will-retry');
  assert.equal(estimate.at(1_000).filesDone, 0);
  assert.equal(estimate.at(1_000).bytesDone, 0);
});
