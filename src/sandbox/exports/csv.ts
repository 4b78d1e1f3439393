import { doubleText } from './amount.ts';
import type { Charge } from './charge.ts';
import type { Column, Scope } from './column.ts';
import { secondsText } from './line-item-columns.ts';

/** Big enough that writing costs little beside making, small enough to hold a few of. */
const chunkChars = 256 * 1024;

export interface CsvOptions {
  readonly columns: readonly Column[];
  readonly charges: Iterable<Charge>;
  readonly lineEnd: '\n' | '\r\n';
}

/**
 * CSV as AWS writes it: fields quoted where they must be, nothing for null, `""` for an empty text. Neighbouring columns
 * of one scope are written once for each offer or workload and remembered: most of a line is about what was bought.
 */
export function* csvText({ columns, charges, lineEnd }: CsvOptions): Generator<Buffer> {
  const runs = runsOf(columns);
  let chunk = columns.map(({ name }) => field(name)).join(',') + lineEnd;
  for (const charge of charges) {
    let line = '';
    for (const run of runs) line += run(charge);
    // every run starts with a comma, the first one too
    chunk += line.slice(1) + lineEnd;
    if (chunk.length < chunkChars) continue;
    yield Buffer.from(chunk);
    chunk = '';
  }
  if (chunk !== '') yield Buffer.from(chunk);
}

type Run = (charge: Charge) => string;

function runsOf(columns: readonly Column[]): readonly Run[] {
  const runs: { readonly scope: Scope; readonly columns: Column[] }[] = [];
  for (const column of columns) {
    const last = runs.at(-1);
    if (last?.scope === column.scope) last.columns.push(column);
    else runs.push({ scope: column.scope, columns: [column] });
  }
  return runs.map(({ scope, columns: ofRun }) => remembered(scope, runOf(ofRun)));
}

function runOf(columns: readonly Column[]): Run {
  const cells = columns.map(cellOf);
  return (charge) => {
    let text = '';
    for (const cell of cells) text += `,${cell(charge)}`;
    return text;
  };
}

/** There are some hundred offers, fifty workloads and one month: all fit. */
function remembered(scope: Scope, run: Run): Run {
  if (scope === 'charge') return run;
  const written = new Map<object, string>();
  return (charge) => {
    const subject = charge[scope];
    const known = written.get(subject);
    if (known !== undefined) return known;
    const text = run(charge);
    written.set(subject, text);
    return text;
  };
}

function cellOf(column: Column): Run {
  switch (column.type) {
    case 'text': {
      const { value } = column;
      return (charge) => orNothing(value(charge), field);
    }
    case 'double': {
      const { value } = column;
      return (charge) => orNothing(value(charge), doubleText);
    }
    case 'timestamp': {
      const { value } = column;
      return (charge) => orNothing(value(charge), secondsText);
    }
    case 'map': {
      const { value } = column;
      return (charge) => orNothing(value(charge), (entries) => field(JSON.stringify(entries)));
    }
  }
}

function orNothing<T>(value: T | null, write: (value: T) => string): string {
  return value === null ? '' : write(value);
}

function field(text: string): string {
  if (text === '') return '""';
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
