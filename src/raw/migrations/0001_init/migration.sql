-- The raw billing database's own record of what is in it: the one commit point (DESIGN D1). It refers to the registry by
-- number only, for the two may be different databases.

create table billvault.raw_table (
  export_id   integer primary key,
  schema_name text not null,
  table_name  text not null,
  created_at  timestamptz not null default now(),
  unique (schema_name, table_name)
);

comment on table billvault.raw_table is 'One raw table an export.';

create table billvault.raw_column (
  export_id     integer not null references billvault.raw_table on delete cascade,
  column_name   text not null,
  source_name   text not null,
  occurrence    integer not null,
  column_type   text not null,
  in_more       boolean not null,
  first_seen_at timestamptz not null default now(),
  primary key (export_id, column_name),
  unique (export_id, source_name, occurrence)
);

comment on table billvault.raw_column is 'The source columns of an export and where they went.';
comment on column billvault.raw_column.source_name is 'The name in the file; a NUL in it is written as U+2400.';
comment on column billvault.raw_column.occurrence is 'Which of several columns of this very name in one file, from 1.';
comment on column billvault.raw_column.in_more is 'Kept under this name in the jsonb column _more instead of a column of its own.';

create table billvault.delivery_table (
  delivery_id   bigint primary key,
  export_id     integer not null references billvault.raw_table on delete cascade,
  period_start  date not null,
  schema_name   text not null,
  table_name    text not null,
  state         text not null default 'LOADING' check (state in ('LOADING', 'PUBLISHED', 'SUPERSEDED', 'DROPPED')),
  created_at    timestamptz not null default now(),
  published_at  timestamptz,
  superseded_at timestamptz,
  dropped_at    timestamptz
);

comment on table billvault.delivery_table is 'One table a delivery; the published one of a period is a partition of the raw table.';

create unique index delivery_table_one_published on billvault.delivery_table (export_id, period_start)
  where state = 'PUBLISHED';

create table billvault.loaded_file (
  file_id     bigint primary key,
  delivery_id bigint not null references billvault.delivery_table on delete cascade,
  generation  integer not null,
  bucket      text not null,
  key         text not null,
  etag        text not null,
  version_id  text,
  rows        bigint not null,
  bytes       bigint not null,
  sha256      text not null,
  loaded_at   timestamptz not null default now()
);

create index loaded_file_delivery on billvault.loaded_file (delivery_id);

comment on table billvault.loaded_file is 'The files whose rows are here; written in the transaction that wrote the rows.';
comment on column billvault.loaded_file.generation is 'Which load of the file this is; a reprocess adds one.';
comment on column billvault.loaded_file.sha256 is 'SHA-256 of the object as it was read from S3, in hex.';
