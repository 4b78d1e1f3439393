-- What the archive's states mean, and which changes of state there are; as for files, also for whoever writes with psql.

alter table registry.archive_unit
  add constraint unit_period_is_a_month check (extract(day from period) = 1),
  add constraint unit_exported_is_complete check (
    state not in ('EXPORTED', 'VERIFIED', 'PURGED') or (exported_at is not null and digest is not null)
  ),
  add constraint unit_verified_says_when check (state not in ('VERIFIED', 'PURGED') or verified_at is not null),
  add constraint unit_purged_says_when check (state <> 'PURGED' or purged_at is not null),
  add constraint unit_failed_says_why check (state <> 'FAILED' or (error_code is not null and error_text is not null)),
  add constraint unit_counts_are_sane check (round >= 1 and rows >= 0 and text_bytes >= 0 and attempts >= 0),
  add constraint unit_snapshot_is_not_purged check (mode = 'monthly' or state <> 'PURGED');

alter table registry.archive_part
  add constraint part_stored_has_a_version check (state not in ('STORED', 'VERIFIED') or (version_id is not null and stored_at is not null)),
  add constraint part_verified_says_when check (state <> 'VERIFIED' or verified_at is not null),
  add constraint part_counts_are_sane check (ordinal >= 1 and round >= 1 and rows >= 0 and size_bytes > 0);

alter table registry.archive_deletion
  add constraint deletion_settled_says_when check ((state = 'INTENDED') = (settled_at is null));

-- One purge of a range of a round: what was aborted may be tried again.
create unique index deletion_once on registry.archive_deletion (unit_id, round, range_ordinal) where state <> 'ABORTED';

alter table registry.archive_manifest
  add constraint manifest_period_is_a_month check (extract(day from period) = 1),
  add constraint manifest_chain_has_a_beginning check ((sequence = 1) = (previous_sha256 is null)),
  add constraint manifest_stored_has_a_version check (state <> 'STORED' or (version_id is not null and stored_at is not null));

alter table registry.archive_hold
  add constraint hold_release_is_whole check ((released_at is null) = (released_by is null)),
  add constraint hold_range_is_in_order check (from_period <= to_period);

create function registry.guard_archive_unit() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'unit %: what was archived stays on record', old.id using errcode = 'check_violation';
  end if;
  if old.state <> new.state and (old.state, new.state) not in (
    ('PLANNED', 'EXPORTED'), ('EXPORTED', 'VERIFIED'), ('VERIFIED', 'PURGED'),
    ('VERIFIED', 'PLANNED'), ('PURGED', 'PLANNED'), -- a further part of late rows, or the next snapshot
    ('PLANNED', 'FAILED'), ('EXPORTED', 'FAILED'), ('VERIFIED', 'FAILED'), ('PURGED', 'FAILED'),
    ('FAILED', 'PLANNED'), ('FAILED', 'EXPORTED'), ('FAILED', 'VERIFIED'), ('FAILED', 'PURGED')
  ) then
    raise exception 'unit % cannot go from % to %', old.id, old.state, new.state using errcode = 'check_violation';
  end if;
  if old.table_id <> new.table_id or old.period <> new.period or old.mode <> new.mode then
    raise exception 'unit %: what it is does not change', old.id using errcode = 'check_violation';
  end if;
  if new.retain_until < old.retain_until then
    raise exception 'unit %: its retention does not get shorter', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;

create trigger guard before update or delete on registry.archive_unit
  for each row execute function registry.guard_archive_unit();

create function registry.guard_archive_part() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if old.state = 'INTENDED' then return old; end if;
    raise exception 'part %: what was stored stays on record', old.id using errcode = 'check_violation';
  end if;
  if old.state <> new.state and (old.state, new.state) not in (
    ('INTENDED', 'STORED'), ('INTENDED', 'SPOOLED'), ('SPOOLED', 'STORED'), ('STORED', 'VERIFIED'),
    ('STORED', 'EXPIRED'), ('VERIFIED', 'EXPIRED'),
    ('VERIFIED', 'STORED') -- what was proved turned out to be gone or changed
  ) then
    raise exception 'part % cannot go from % to %', old.id, old.state, new.state using errcode = 'check_violation';
  end if;
  if (old.unit_id, old.ordinal, old.sha256, old.digest, old.rows, old.key) is distinct from
     (new.unit_id, new.ordinal, new.sha256, new.digest, new.rows, new.key) then
    raise exception 'part %: what it is does not change', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;

create trigger guard before update or delete on registry.archive_part
  for each row execute function registry.guard_archive_part();

create function registry.guard_archive_manifest() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'manifest %: the chain is append-only', old.id using errcode = 'check_violation';
  end if;
  if (old.source, old.sequence, old.period, old.body, old.sha256, old.previous_sha256, old.key) is distinct from
     (new.source, new.sequence, new.period, new.body, new.sha256, new.previous_sha256, new.key) then
    raise exception 'manifest %: what it says does not change', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;

create trigger guard before update or delete on registry.archive_manifest
  for each row execute function registry.guard_archive_manifest();

create trigger append_only before update or delete on registry.archive_departed
  for each row execute function registry.refuse_change();

-- A deletion is settled once, named in a manifest once, and never taken back.
create function registry.guard_archive_deletion() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or (old.state <> 'INTENDED' and old.state <> new.state)
     or (old.unit_id, old.round, old.range_ordinal, old.rows, old.digest, old.transaction) is distinct from
        (new.unit_id, new.round, new.range_ordinal, new.rows, new.digest, new.transaction)
     or (old.manifest_id is not null and new.manifest_id is distinct from old.manifest_id) then
    raise exception 'deletion %: what was done stays on record', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;

create trigger guard before update or delete on registry.archive_deletion
  for each row execute function registry.guard_archive_deletion();
