import { ValueProblem } from './problems.ts';
import type { TextSink } from './text-sink.ts';

const minus = 45;
const point = 46;
const zero = 48;

/** PostgreSQL prints a double in plain digits for exponents from -4 to 14, as `%.15g` would choose. */
const fixedFrom = 1e-4;
const fixedBelow = 1e15;

/** The same for a real; the least is the real next to 10^-4. */
const float4FixedFrom = Math.fround(1e-4);
const float4FixedBelow = 1e6;

/**
 * A double as PostgreSQL itself prints it: the shortest digits that read back as the same double, `1e-05`, `-0`, `NaN`,
 * `Infinity`. So a column that is later widened to text holds the same text, whichever way it got there.
 */
export function writeDouble(value: number, sink: TextSink): void {
  const size = Math.abs(value);
  if (!(size < Infinity)) {
    sink.ascii(String(value));
    return;
  }
  if (value < 0 || Object.is(value, -0)) sink.byte(minus);
  if (size < fixedBelow && Number.isInteger(size)) sink.digits(size);
  else if (size >= fixedFrom && size < fixedBelow) writeFixed(size, sink);
  else writeScientific(size, sink);
}

/**
 * Most amounts have few decimals: when m / 10^10 is exactly this double and m has at most 15 digits, then m's digits are
 * the shortest (any two decimals of 15 digits are different doubles), and no general algorithm is needed.
 */
function writeFixed(size: number, sink: TextSink): void {
  if (size < 1e5) {
    const scaled = Math.round(size * 1e10);
    if (scaled / 1e10 === size) {
      const whole = Math.floor(scaled / 1e10);
      sink.digits(whole);
      writeFraction(scaled - whole * 1e10, 10, sink);
      return;
    }
  }
  sink.ascii(String(size));
}

/** `.` and the digits of `value`, which has `digits` places, without zeros at its end; nothing when it is 0. */
export function writeFraction(value: number, digits: number, sink: TextSink): void {
  if (value === 0) return;
  sink.byte(point);
  sink.digits(value, digits);
  while (sink.bytes[sink.length - 1] === zero) sink.length--;
}

/**
 * A single-precision number as PostgreSQL prints a real: the shortest digits that read back as the same one, with an
 * exponent from 10^6 on.
 */
export function writeFloat4(value: number, sink: TextSink): void {
  const size = Math.abs(value);
  if (!(size < Infinity)) {
    sink.ascii(String(value));
    return;
  }
  if (value < 0 || Object.is(value, -0)) sink.byte(minus);
  const shortest = shortestFloat4(size);
  if (size === 0 || (size >= float4FixedFrom && size < float4FixedBelow)) sink.ascii(String(shortest));
  else writeScientific(shortest, sink);
}

/** Below it, reals lie so far apart that fewer than six digits may tell them apart. */
const smallestNormalFloat4 = 2 ** -126;

/** Nine digits tell any two reals apart; the first six are right in any case, so fewer come out of them as zeros at the end. */
function shortestFloat4(size: number): number {
  for (let digits = size < smallestNormalFloat4 ? 1 : 6; digits < 9; digits++) {
    const shorter = rounded(size, digits);
    if (Math.fround(shorter) === size && !isBetween(size, shorter)) return shorter;
  }
  return rounded(size, 9);
}

/** To so many digits; from the middle to the even one, as PostgreSQL does and JavaScript does not. */
function rounded(size: number, digits: number): number {
  const upper = size.toPrecision(digits);
  const exact = size.toExponential(digits);
  if (Number(exact) !== size || !/5e/.test(exact)) return Number(upper);
  const [whole = '', exponent] = exact.split('e');
  const isEven = Number(whole.at(-2) === '.' ? whole.at(-3) : whole.at(-2)) % 2 === 0;
  return isEven ? Number(`${whole.slice(0, -1)}e${exponent}`) : Number(upper);
}

const realBits = new DataView(new ArrayBuffer(4));

/** Whether a number is just in the middle to the next real, either way: PostgreSQL does not take it for this one. */
function isBetween(size: number, number: number): boolean {
  realBits.setFloat32(0, size);
  const bits = realBits.getInt32(0);
  realBits.setInt32(0, number > size ? bits + 1 : bits - 1);
  return number !== size && number === (size + realBits.getFloat32(0)) / 2;
}

/** JavaScript's digits are the shortest too; only its exponent is written differently. */
function writeScientific(size: number, sink: TextSink): void {
  const [mantissa = '', exponent = ''] = size.toExponential().split('e');
  const places = exponent.slice(1);
  sink.ascii(`${mantissa}e${exponent[0]}${places.length < 2 ? `0${places}` : places}`);
}

/** A signed 64-bit integer given as its two halves. */
export function writeInt64(low: number, high: number, sink: TextSink): void {
  const value = high * 2 ** 32 + low;
  if (Number.isSafeInteger(value)) writeInteger(value, sink);
  else sink.ascii(((BigInt(high) << 32n) | BigInt(low)).toString());
}

export function writeUint64(low: number, high: number, sink: TextSink): void {
  writeInt64(low, high >>> 0, sink);
}

/** An integer within ±(2^53 - 1). */
export function writeInteger(value: number, sink: TextSink): void {
  if (value < 0) sink.byte(minus);
  sink.digits(Math.abs(value));
}

/** unscaled × 10^-scale with exactly `scale` digits after the point, as SQL's numeric(p, s) prints it. */
export function writeDecimal(unscaled: number | bigint, scale: number, sink: TextSink): void {
  if (unscaled < 0) sink.byte(minus);
  if (typeof unscaled === 'number' && scale <= 15) {
    const size = Math.abs(unscaled);
    const unit = 10 ** scale;
    const whole = Math.floor(size / unit);
    sink.digits(whole);
    if (scale === 0) return;
    sink.byte(point);
    sink.digits(size - whole * unit, scale);
    return;
  }
  const digits = String(unscaled < 0 ? -unscaled : unscaled).padStart(scale + 1, '0');
  sink.ascii(digits.slice(0, digits.length - scale));
  if (scale === 0) return;
  sink.byte(point);
  sink.ascii(digits.slice(digits.length - scale));
}

/** Longest decimal taken: more digits than PostgreSQL's numeric or any writer's decimal has. */
const maxDecimalBytes = 4096;

/** A decimal's unscaled value from its bytes: two's complement, most significant byte first. */
export function unscaledOf(bytes: Uint8Array, start: number, length: number): number | bigint {
  if (length === 0 || length > maxDecimalBytes) throw new ValueProblem('invalid', `a decimal of ${length} bytes`);
  if (length > 6) {
    const signBytes = signExtension(bytes, start, length);
    if (signBytes > 0) return unscaledOf(bytes, start + signBytes, length - signBytes);
  }
  if (length <= 6) {
    let value = ((bytes[start] as number) << 24) >> 24;
    for (let i = 1; i < length; i++) value = value * 256 + (bytes[start + i] as number);
    return value;
  }
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('hex');
  return BigInt.asIntN(length * 8, BigInt(`0x${hex}`));
}

/** Leading bytes that only repeat the sign, as far as six bytes are left. */
function signExtension(bytes: Uint8Array, start: number, length: number): number {
  const sign = ((bytes[start] as number) << 24) >> 31;
  const most = length - 6;
  let count = 0;
  while (
    count < most &&
    bytes[start + count] === (sign & 255) &&
    ((bytes[start + count + 1] as number) << 24) >> 31 === sign
  )
    count++;
  return count;
}

/** IEEE 754 half precision; every one is exactly a double. */
export function halfToDouble(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
