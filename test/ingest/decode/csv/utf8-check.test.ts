import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Utf8Check } from '../../../../src/ingest/decode/csv/utf8-check.ts';

test('a character cut anywhere is checked whole, also when the chunk before is overwritten meanwhile', () => {
  const text = Buffer.from('é監🧾'.repeat(3));
  for (let cut = 1; cut < text.length; cut += 1) {
    const check = new Utf8Check();
    for (const chunk of [Buffer.from(text.subarray(0, cut)), Buffer.from(text.subarray(cut))]) {
      assert.equal(check.push(chunk), undefined, `cut at ${cut}`);
      chunk.fill(0);
    }
    assert.equal(check.finish(), 0);
  }
});
