import { AppError } from '../errors.ts';
import type { ColumnForm } from './column-reader.ts';
import { invalid, ValueProblem } from './problems.ts';
import { WiderTypeNeeded } from './wider-type.ts';

/** A problem with one value, told with its column and row. Other errors pass through. */
export function atRow(error: unknown, form: ColumnForm, row: number): unknown {
  if (!(error instanceof ValueProblem)) return error;
  const where = `column ${JSON.stringify(form.name)}, row ${row}`;
  switch (error.kind) {
    case 'wider':
      return new WiderTypeNeeded(form.name, `${where}: ${error.message}; as text it can be loaded`);
    case 'text':
      return new AppError('TEXT_INVALID', `${where} holds ${error.message}`);
    case 'invalid':
      return invalid(`${where}: ${error.message}`);
  }
}
