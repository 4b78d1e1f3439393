-- What a state means, and which changes of state there are. The statements of src/registry guard themselves too; this is
-- for everything else that can write here, a person with psql included.

alter table registry.file
  add constraint file_ingested_is_complete check (
    status <> 'INGESTED' or (rows is not null and bytes is not null and sha256 is not null and ingested_at is not null)
  ),
  add constraint file_failed_says_why check (status <> 'FAILED' or (error_code is not null and error_text is not null)),
  add constraint file_lease_is_whole check ((lease_owner is null) = (lease_until is null)),
  add constraint file_lease_only_while_new check (status = 'NEW' or lease_owner is null),
  add constraint file_counts_are_sane check (
    generation >= 1 and attempts >= 0 and ordinal >= 1 and rows >= 0 and bytes >= 0 and size_bytes >= 0
  ),
  add constraint file_period_is_a_month check (
    extract(day from period_start) = 1 and period_end = (period_start + interval '1 month')::date
  );

alter table registry.delivery
  add constraint delivery_period_is_a_month check (
    extract(day from period_start) = 1 and period_end = (period_start + interval '1 month')::date
  ),
  add constraint delivery_published_says_when check (state <> 'PUBLISHED' or published_at is not null),
  add constraint delivery_superseded_says_when check (state not in ('SUPERSEDED', 'DROPPED') or superseded_at is not null),
  add constraint delivery_dropped_says_when check (state <> 'DROPPED' or dropped_at is not null);

create unique index delivery_one_current_per_period on registry.delivery (export_id, period_start)
  where state = 'PUBLISHED';

create index file_leased on registry.file (lease_until) where lease_until is not null;

alter table registry.client add constraint client_name_is_a_word check (name ~ '^[a-z][a-z0-9_]{0,39}$');

create function registry.guard_file() returns trigger language plpgsql as $$
begin
  if old.status <> new.status and (old.status, new.status) not in (
    ('NEW', 'INGESTED'), ('NEW', 'FAILED'), ('FAILED', 'NEW'), ('INGESTED', 'NEW')
  ) then
    raise exception 'file % cannot go from % to %', old.id, old.status, new.status using errcode = 'check_violation';
  end if;
  if new.status = 'NEW' and old.status <> 'NEW' and new.generation <> old.generation + 1 then
    raise exception 'file %: a reprocess raises its generation by one', old.id using errcode = 'check_violation';
  end if;
  if old.id <> new.id or old.delivery_id <> new.delivery_id or old.key <> new.key or old.period_start <> new.period_start then
    raise exception 'file %: what it is does not change', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;

create trigger guard before update on registry.file for each row execute function registry.guard_file();

create function registry.guard_delivery() returns trigger language plpgsql as $$
begin
  if old.state <> new.state and (old.state, new.state) not in (
    ('PENDING', 'PUBLISHED'), ('PENDING', 'SUPERSEDED'), ('PUBLISHED', 'SUPERSEDED'),
    ('SUPERSEDED', 'PUBLISHED'), ('SUPERSEDED', 'DROPPED'), ('PUBLISHED', 'DROPPED'), ('PENDING', 'DROPPED')
  ) then
    raise exception 'delivery % cannot go from % to %', old.id, old.state, new.state using errcode = 'check_violation';
  end if;
  if old.export_id <> new.export_id or old.period_start <> new.period_start or old.identity <> new.identity then
    raise exception 'delivery %: what it is does not change', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;

create trigger guard before update on registry.delivery for each row execute function registry.guard_delivery();

create function registry.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'check_violation';
end $$;

create trigger append_only before update or delete on registry.audit_event
  for each row execute function registry.refuse_change();
