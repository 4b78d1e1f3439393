import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ListingPage, listPage } from '../../../src/sandbox/aws/s3/listing.ts';
import { SortedKeys } from '../../../src/sandbox/aws/s3/sorted-keys.ts';
import { compareUtf8 } from '../../../src/sandbox/aws/s3/utf8-order.ts';

const anyKey = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 });
const slashedKey = fc.string({
  unit: fc.constantFrom('a', 'b', '/', '0', '\u{1f600}', '\uffee'),
  minLength: 1,
  maxLength: 6,
});

test('keys sort by their UTF-8 bytes, surrogates included', () => {
  fc.assert(
    fc.property(anyKey, slashedKey, (left, right) => {
      const expected = Buffer.compare(Buffer.from(left), Buffer.from(right));
      assert.equal(Math.sign(compareUtf8(left, right)), expected);
    }),
  );
});

test('the pages of a listing, put together, hold every key or its common prefix once and in order', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(slashedKey, { maxLength: 40 }),
      fc.constantFrom('', '/', 'a'),
      fc.constantFrom('', 'a', '/'),
      fc.integer({ min: 1, max: 5 }),
      (keys, delimiter, prefix, maxEntries) => {
        const sorted = new SortedKeys();
        for (const key of keys) sorted.add(key);
        const listed = walk(sorted, { delimiter, prefix, maxEntries });
        assert.deepEqual(listed, expectedEntries(keys, delimiter, prefix));
      },
    ),
  );
});

test('a key that is deleted is gone from the order', () => {
  const keys = new SortedKeys();
  for (const key of ['c', 'a', 'b']) keys.add(key);
  keys.delete('b');
  keys.delete('missing');
  assert.deepEqual(keys.sorted(), ['a', 'c']);
});

interface Asked {
  readonly delimiter: string;
  readonly prefix: string;
  readonly maxEntries: number;
}

function walk(keys: SortedKeys, asked: Asked): readonly string[] {
  const names: string[] = [];
  let position = { after: '', wholeGroup: false };
  for (;;) {
    const page: ListingPage<string> = listPage(keys, { ...asked, ...position }, (key) => [key]);
    assert.ok(page.entries.length <= asked.maxEntries);
    for (const entry of page.entries) names.push(entry.kind === 'item' ? entry.key : `${entry.prefix} *`);
    const last = page.entries.at(-1);
    if (!page.isTruncated || last === undefined) return names;
    position = last.kind === 'item' ? { after: last.key, wholeGroup: false } : { after: last.prefix, wholeGroup: true };
  }
}

function expectedEntries(keys: readonly string[], delimiter: string, prefix: string): readonly string[] {
  const sorted = [...keys].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  const names = sorted
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      return end === -1 ? key : `${key.slice(0, end + delimiter.length)} *`;
    });
  return [...new Set(names)];
}
