import { DuckDBInstance } from '@duckdb/node-api';

/** A billing file's shape: mostly-null columns, many of few values, amounts, one unique id, tags. */
function billingQuery(rows: number): string {
  const columns = [
    "printf('%s%s', md5(i::varchar), substr(md5((i * 7)::varchar), 1, 20)) as line_item_id",
    "printf('2024-01-%02dT%02d:00:00Z/2024-01-%02dT%02d:00:00Z', i % 28 + 1, i % 23, i % 28 + 1, i % 23 + 1) as time_interval",
    "'123456789012' as payer_account_id",
    'make_timestamp((1704067200 + (i % 700) * 3600) * 1000000) as usage_start_date',
    "map {'user_team': 'team ' || (i % 9), 'user_env': case when i % 3 = 0 then 'prod' else 'dev' end} as resource_tags",
    'i as sequence',
    '(i % 1000)::decimal(18, 6) / 7 as quantity',
  ];
  for (let k = 0; k < 12; k++)
    columns.push(`case when random() < 0.3 then 0.0 else round(random() * 100, ${4 + (k % 7)}) end as cost_${k}`);
  for (let k = 0; k < 4; k++) columns.push(`random() as rate_${k}`);
  for (let k = 0; k < 45; k++)
    columns.push(`case when random() < 0.97 then null else 'value ' || (random() * 50)::int end as sparse_${k}`);
  for (let k = 0; k < 42; k++)
    columns.push(`substr('Amazon Elastic', 1, ${2 + (k % 12)}) || (random() * ${3 + k * 4})::int as few_${k}`);
  return `select ${columns.join(', ')} from range(${rows}) t(i)`;
}

export interface BillingParquet {
  readonly path: string;
  readonly rows: number;
  readonly rowGroupRows: number;
}

/** Written by DuckDB, which makes large row groups quickly. */
export async function makeBillingParquet({ path, rows, rowGroupRows }: BillingParquet): Promise<void> {
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run('select setseed(0.42)');
  const options = `format parquet, compression snappy, row_group_size ${rowGroupRows}`;
  await connection.run(`copy (${billingQuery(rows)}) to '${path}' (${options})`);
  connection.closeSync();
}
