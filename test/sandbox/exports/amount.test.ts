import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amountOf, decimalText, doubleText, multiply, rateText } from '../../../src/sandbox/exports/amount.ts';

test('amounts are written as AWS writes them, scientific below a thousandth, and not a digit is lost', () => {
  const written: Readonly<Record<string, string>> = {
    '0': '0.0',
    '1': '1.0',
    '1.5': '1.5',
    '-12.25': '-12.25',
    '0.001': '0.001',
    '0.0009': '9.0E-4',
    '-0.0000000007': '-7.0E-10',
    '0.0000013747': '1.3747E-6',
    '123456.0000000001': '123456.0000000001',
    '100': '100.0',
  };
  for (const [plain, text] of Object.entries(written)) {
    assert.equal(doubleText(amountOf(plain)), text);
    assert.equal(Number(text), Number(plain));
    assert.equal(decimalText(amountOf(plain)), plain);
  }
  assert.equal(rateText(amountOf('0.096')), '0.0960000000');
  assert.equal(decimalText(multiply(amountOf('0.3'), amountOf('0.1'))), '0.03');
});
