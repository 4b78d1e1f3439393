import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../../src/archive/manifest/canonical-json.ts';
import { isAppError } from '../../../src/errors.ts';

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 5 }),
  ),
})).value;

suite('canonical JSON', () => {
  test('says the same as the value, and again the same of what was read of it', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        const read = JSON.parse(text) as unknown;
        assert.equal(canonicalJson(read), text);
        assert.equal(JSON.stringify(read), text, 'names are in order and nothing is spaced');
        assert.deepEqual(read, JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('does not depend on the order in which a value was built', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), json, { maxKeys: 8 }), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        assert.equal(canonicalJson(reversed), canonicalJson(value));
      }),
    );
  });

  test('is that of RFC 8785, section 3.2.3, byte for byte', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 };
    assert.equal(canonicalJson(value), '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}');
    assert.equal(canonicalJson('\u000f\n"\\/\u007f€'), '"\\u000f\\n\\"\\\\/\u007f€"');
  });

  test('refuses what two parsers could read differently', () => {
    const deep = Array.from({ length: 70 }).reduce<unknown>((inner) => [inner], null);
    const refused = [
      0.5,
      2 ** 53,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      1n,
      '\ud800',
      { '\udfff': 1 },
      undefined,
      new Date(0),
      deep,
    ];
    for (const value of refused) {
      assert.throws(
        () => canonicalJson([value]),
        (error) => isAppError(error, 'MANIFEST_INVALID'),
      );
    }
  });
});
