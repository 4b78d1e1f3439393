/** Money, rates and quantities are whole numbers of 10^-10: what AWS's figures resolve to, and exact in every sum. */
export type Amount = bigint;

const places = 10;
const one = 10n ** BigInt(places);
/** Below 0.001 Java prints a double in scientific notation, and so do AWS's files. */
const leastPlain = 10_000_000n;

/** `-12.5` as an amount; at most ten places. */
export function amountOf(text: string): Amount {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(places, '0'));
}

/** The product of two amounts, cut to 10^-10. */
export function multiply(a: Amount, b: Amount): Amount {
  return (a * b) / one;
}

/** As AWS writes costs and usage: `0.0`, `1.5`, `-7.0E-10`. Of amounts below ten million. */
export function doubleText(amount: Amount): string {
  if (amount === 0n) return '0.0';
  const sign = amount < 0n ? '-' : '';
  const size = amount < 0n ? -amount : amount;
  return sign + (size < leastPlain ? scientific(size) : plain(size));
}

/** As AWS writes rates: always ten places. */
export function rateText(amount: Amount): string {
  const { whole, fraction } = split(amount);
  return `${whole}.${fraction}`;
}

/** The shortest exact decimal, as PostgreSQL prints `trim_scale(sum(…::numeric))`. */
export function decimalText(amount: Amount): string {
  const { whole, fraction } = split(amount);
  const trimmed = fraction.replace(/0+$/, '');
  return trimmed === '' ? whole : `${whole}.${trimmed}`;
}

function split(amount: Amount): { readonly whole: string; readonly fraction: string } {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(places + 1, '0');
  return { whole: sign + digits.slice(0, -places), fraction: digits.slice(-places) };
}

function plain(size: Amount): string {
  const digits = size.toString().padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits[digits.length - places]}${digits.slice(1 - places).replace(/0+$/, '')}`;
}

function scientific(size: Amount): string {
  const digits = size.toString();
  const exponent = digits.length - 1 - places;
  return `${digits[0]}.${digits.slice(1).replace(/0+$/, '') || '0'}E${exponent}`;
}
