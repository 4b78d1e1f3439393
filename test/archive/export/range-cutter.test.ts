import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CutRange, RangeCutter } from '../../../src/archive/export/range-cutter.ts';

const line = fc.stringMatching(/^[a-z]{0,12}$/).map((text) => `${text}\n`);
const limits = fc.record({ rangeRows: fc.integer({ min: 1, max: 9 }), rangeBytes: fc.integer({ min: 1, max: 60 }) });

interface CutLines {
  readonly ranges: readonly CutRange[];
  readonly text: string;
}

function cutAll(
  chunks: readonly (readonly string[])[],
  { rangeRows, rangeBytes }: { readonly rangeRows: number; readonly rangeBytes: number },
  mayCutBetween = (_before: Buffer, _after: Buffer) => true,
): CutLines {
  const boundOf = (bytes: Buffer) => [bytes.toString('utf8').trimEnd()];
  const cutter = new RangeCutter({ rangeRows, rangeBytes, mayCutBetween, boundOf });
  const ranges: CutRange[] = [];
  let text = '';
  for (const chunk of chunks) {
    for (const cut of cutter.cut(Buffer.from(chunk.join('')))) {
      if (cut.kind === 'lines') text += cut.bytes.toString('utf8');
      else ranges.push(cut.range);
    }
  }
  const last = cutter.end();
  if (last !== undefined) ranges.push(last);
  return { ranges, text };
}

test('the same lines give the same ranges, however they come in chunks', () => {
  fc.assert(
    fc.property(fc.array(fc.array(line, { maxLength: 7 }), { maxLength: 8 }), limits, (chunks, size) => {
      const asOne = cutAll([chunks.flat()], size);
      assert.deepEqual(cutAll(chunks, size), asOne);
      assert.deepEqual(
        cutAll(
          chunks.flat().map((one) => [one]),
          size,
        ),
        asOne,
      );
    }),
  );
});

test('ranges tile the lines: none is lost, each digest is of its own, each bound is its last line', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), limits, (lines, size) => {
      const { ranges, text } = cutAll([lines], size);
      assert.equal(text, lines.join(''));
      let from = 0;
      for (const { rows, sha256, upper } of ranges) {
        const own = lines.slice(from, from + rows);
        assert.equal(sha256, createHash('sha256').update(own.join('')).digest('hex'));
        assert.deepEqual(upper, [own.at(-1)?.trimEnd()]);
        assert.ok(rows <= size.rangeRows);
        from += rows;
      }
      assert.equal(from, lines.length);
    }),
  );
});

test('a range is not cut between rows that a bound cannot tell apart', () => {
  const lines = ['a\n', 'a\n', 'a\n', 'b\n', 'c\n', 'c\n'];
  const { ranges } = cutAll([lines], { rangeRows: 1, rangeBytes: 1_000 }, (before, after) => !before.equals(after));
  assert.deepEqual(
    ranges.map(({ rows, upper }) => [rows, ...upper]),
    [
      [3, 'a'],
      [1, 'b'],
      [2, 'c'],
    ],
  );
});
