import type { NanoDollars } from '../../../archive/cost/money.ts';

const nanoDigits = 9;

/** As a number where JSON's readers keep it exact, else as its digits. */
export function exactNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** US dollars as a decimal text with nine digits behind the point: money is no float. */
export function decimalDollars(amount: NanoDollars): string {
  const digits = String(amount).padStart(nanoDigits + 1, '0');
  return `${digits.slice(0, -nanoDigits)}.${digits.slice(-nanoDigits)}`;
}
