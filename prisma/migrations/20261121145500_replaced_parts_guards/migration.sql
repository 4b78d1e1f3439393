-- What a replacement may say, and which changes of state it brings.

alter table registry.archive_replacement
  add constraint replacement_has_a_kind check ((new_version_id is null) <> (round is null)),
  add constraint replacement_is_of_one_kind check (new_part_id is null or new_version_id is null);

-- Named before the upload of the new part: where that never came to be, its rows follow in another.
create function registry.guard_archive_replacement() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.new_part_id is null or new.new_part_id is not null or new.is_same
     or (old.id, old.part_id, old.round, old.code, old.text, old.actor, old.at) is distinct from
        (new.id, new.part_id, new.round, new.code, new.text, new.actor, new.at)
     or old.version_id is distinct from new.version_id or new.new_version_id is not null then
    raise exception 'replacement %: what was done stays on record', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;

create trigger guard before update or delete on registry.archive_replacement
  for each row execute function registry.guard_archive_replacement();

create or replace function registry.guard_archive_unit() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'unit %: what was archived stays on record', old.id using errcode = 'check_violation';
  end if;
  if old.state <> new.state and (old.state, new.state) not in (
    ('PLANNED', 'EXPORTED'), ('EXPORTED', 'VERIFIED'), ('VERIFIED', 'PURGED'),
    ('VERIFIED', 'PLANNED'), ('PURGED', 'PLANNED'), -- a further part of late rows, or the next snapshot
    ('EXPORTED', 'PLANNED'), -- a stored part is faulty, and its rows are archived anew
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

create or replace function registry.guard_archive_part() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if old.state = 'INTENDED' then return old; end if;
    raise exception 'part %: what was stored stays on record', old.id using errcode = 'check_violation';
  end if;
  if old.state <> new.state and (old.state, new.state) not in (
    ('INTENDED', 'STORED'), ('INTENDED', 'SPOOLED'), ('SPOOLED', 'STORED'), ('STORED', 'VERIFIED'),
    ('STORED', 'EXPIRED'), ('VERIFIED', 'EXPIRED'),
    ('VERIFIED', 'STORED'), -- what was proved turned out to be gone or changed
    ('INTENDED', 'REPLACED'), ('STORED', 'REPLACED') -- and its rows are archived anew
  ) then
    raise exception 'part % cannot go from % to %', old.id, old.state, new.state using errcode = 'check_violation';
  end if;
  if (old.unit_id, old.ordinal, old.sha256, old.digest, old.rows, old.key) is distinct from
     (new.unit_id, new.ordinal, new.sha256, new.digest, new.rows, new.key) then
    raise exception 'part %: what it is does not change', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;
