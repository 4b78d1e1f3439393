import { type Amount, multiply } from './amount.ts';
import { type Offer, offers } from './catalog.ts';
import { hourMillis, type Month } from './month.ts';
import { type Random, randomFrom } from './random.ts';
import { type Workload, workloads } from './workload.ts';

/** One line of a bill, before any format: every kind of export is a way to write charges. */
export interface Charge {
  readonly month: Month;
  readonly offer: Offer;
  readonly workload: Workload;
  /** Not unique, as in real bills. */
  readonly lineItemId: string;
  readonly startMillis: number;
  readonly endMillis: number;
  readonly resourceId: string | null;
  readonly usage: Amount;
  /** What is on the bill: the unblended cost, FOCUS's billed cost. */
  readonly cost: Amount;
  /** At list price, without any discount. */
  readonly listCost: Amount;
  /** With commitments spread over what they cover. */
  readonly effectiveCost: Amount;
}

export interface ChargesOptions {
  /** Same seed, same charges, whatever kind and format they are written in. */
  readonly seed: string;
  readonly month: Month;
  readonly rows: number;
  /** Every later version restates some of the amounts. */
  readonly version: number;
}

/** Letters of a line item id; enough of them prepared that making one is picking four. */
const idLetters = 'abcdefghijklmnopqrstuvwxyz234567';
const idPieces = 2_048;
const idPieceLength = 13;
/** One line item in so many repeats the id before it. */
const repeatedIdEvery = 499;
/** One charge in so many is restated by each later version. */
const restatedEvery = 11;

export function* charges({ seed, month, rows, version }: ChargesOptions): Generator<Charge> {
  const random = randomFrom(`${seed}|${month.text}`);
  const pieces = Array.from({ length: idPieces }, () => letters(random, idPieceLength));
  const resources = Array.from({ length: idPieces }, () => random.next().toString(16).padStart(8, '0'));
  let lineItemId = '';
  for (let row = 0; row < rows; row++) {
    if (row % repeatedIdEvery !== repeatedIdEvery - 1)
      lineItemId = pick(pieces) + pick(pieces) + pick(pieces) + pick(pieces);
    const offer = pick(offers);
    const wholeMonth = offer.chargeType === 'Tax' || offer.chargeType === 'Fee' || offer.chargeType === 'RIFee';
    const startMillis = month.startMillis + (wholeMonth ? 0 : random.below(month.hours) * hourMillis);
    const isRestated = version > 1 && row % restatedEvery === version % restatedEvery;
    const usage = usageOf(offer, random) + (isRestated ? BigInt(version) * 10_000_000n : 0n);
    yield {
      month,
      offer,
      workload: pick(workloads),
      lineItemId,
      startMillis,
      endMillis: wholeMonth ? month.endMillis : startMillis + hourMillis,
      resourceId: offer.resource === undefined ? null : `${offer.resource}0${pick(resources)}${pick(resources)}`,
      usage,
      ...costsOf(offer, usage),
    };
  }

  function pick<T>(values: readonly T[]): T {
    return values[random.below(values.length)] as T;
  }
}

/** Instances run whole hours; everything else is metered to the tenth decimal place. */
function usageOf({ chargeType, unit }: Offer, random: Random): Amount {
  const fine = BigInt(random.next());
  if (chargeType === 'Tax' || chargeType === 'Credit') return 10_000_000_000n + fine * 3n;
  if (chargeType === 'Fee') return 1_000_000_000_000n + fine;
  if (unit === 'Hrs') return 10_000_000_000n;
  if (unit === 'Requests') return (fine % 50_000n) * 10_000_000_000n;
  return unit === 'Lambda-GB-Second' ? fine % 1_000_000_000n : fine * 4n;
}

function costsOf(
  { chargeType, rateAmount }: Offer,
  usage: Amount,
): Pick<Charge, 'cost' | 'listCost' | 'effectiveCost'> {
  const amount = multiply(usage, rateAmount);
  const discounted = (amount * 63n) / 100n;
  switch (chargeType) {
    case 'Usage':
    case 'Fee':
    case 'Tax':
      return { cost: amount, listCost: amount, effectiveCost: amount };
    case 'DiscountedUsage':
      return { cost: 0n, listCost: (amount * 8n) / 5n, effectiveCost: amount };
    case 'SavingsPlanCoveredUsage':
      return { cost: amount, listCost: amount, effectiveCost: discounted };
    case 'SavingsPlanNegation':
      return { cost: -amount, listCost: 0n, effectiveCost: 0n };
    case 'RIFee':
      return { cost: amount, listCost: amount, effectiveCost: 0n };
    case 'Credit':
      return { cost: -amount, listCost: 0n, effectiveCost: -amount };
    case 'EdpDiscount':
      return { cost: (-amount * 6n) / 100n, listCost: 0n, effectiveCost: (-amount * 6n) / 100n };
  }
}

function letters(random: Random, length: number): string {
  let text = '';
  while (text.length < length) text += idLetters[random.below(idLetters.length)];
  return text;
}
