-- TRUNCATE passes by row triggers: the audit was append-only but for that.
create trigger never_emptied before truncate on registry.audit_event
  for each statement execute function registry.refuse_change();
