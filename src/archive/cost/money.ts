/** US dollars in billionths: the price of a single GET request is a whole number of them, and no sum is ever rounded. */
export type NanoDollars = bigint;

const digits = 9;
const dollar = 10n ** BigInt(digits);
const cent = dollar / 100n;

/**
 * @param decimal as a price list has it, such as `0.00099`
 * @throws RangeError for anything else, or more than nine digits behind the point
 */
export function dollars(decimal: string): NanoDollars {
  const found = /^(\d+)(?:\.(\d{1,9}))?$/.exec(decimal);
  if (found === null) throw new RangeError(`not a price: ${decimal}`);
  const [, whole = '', fraction = ''] = found;
  return BigInt(whole) * dollar + BigInt(fraction.padEnd(digits, '0'));
}

/** `$1,234.56`, rounded up to the cent; what is less than one says so. */
export function dollarText(amount: NanoDollars): string {
  if (amount > 0n && amount < cent) return '< $0.01';
  const cents = divideUp(amount, cent);
  return `$${(cents / 100n).toLocaleString('en-US')}.${String(cents % 100n).padStart(2, '0')}`;
}

/** Of an estimate, within a sentence: `about $0.02`; what is less than a cent is no closer for being said so. */
export function estimateText(amount: NanoDollars): string {
  return amount < cent ? dollarText(amount) : `about ${dollarText(amount)}`;
}

/** As a decimal text with nine digits behind the point, for programs: money is no float. */
export function decimalDollars(amount: NanoDollars): string {
  const text = String(amount).padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** Of numbers that are not negative: an estimate is rather a billionth too high than too low. */
export function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
