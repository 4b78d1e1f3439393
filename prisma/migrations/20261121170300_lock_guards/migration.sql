-- Object Lock only ever goes one way, and so does what is on record of it.

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
  if new.retain_until < old.retain_until or (old.lock_mode = 'COMPLIANCE' and new.lock_mode <> 'COMPLIANCE') then
    raise exception 'part %: its lock does not get shorter or weaker', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;

create or replace function registry.guard_archive_manifest() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'manifest %: the chain is append-only', old.id using errcode = 'check_violation';
  end if;
  if (old.source, old.sequence, old.period, old.body, old.sha256, old.previous_sha256, old.key) is distinct from
     (new.source, new.sequence, new.period, new.body, new.sha256, new.previous_sha256, new.key) then
    raise exception 'manifest %: what it says does not change', old.id using errcode = 'check_violation';
  end if;
  if new.retain_until < old.retain_until or (old.lock_mode = 'COMPLIANCE' and new.lock_mode <> 'COMPLIANCE') then
    raise exception 'manifest %: its lock does not get shorter or weaker', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;
