import { deliveryTableOf, rawTableOf } from '../../raw/table-names.ts';
import { type FileDetail, showFile } from '../../registry/file/show-file.ts';
import type { IngestContext } from '../context.ts';
import { fileAdvice } from './file-advice.ts';

export interface FileDescription extends FileDetail {
  /** `raw_<client>.<table>`: where its rows are once its delivery is published. */
  readonly rawTable: string;
  /** The delivery's own table: where its rows are from the moment that it is ingested. */
  readonly deliveryTable: string;
  /** What to do about its error; null where there is none. */
  readonly advice: string | null;
}

/** @throws AppError NOT_FOUND */
export async function describeFile({ registry }: IngestContext, id: number): Promise<FileDescription> {
  const file = await showFile(registry, id);
  const raw = rawTableOf(file);
  const { deliveryTable } = deliveryTableOf(raw, file);
  return {
    ...file,
    rawTable: `${raw.schema}.${raw.table}`,
    deliveryTable: `${raw.schema}.${deliveryTable}`,
    advice: file.errorCode === null ? null : fileAdvice(file.errorCode),
  };
}
