-- The queue: what a claim looks through, however many files have come in before.
create index file_queue on registry.file (delivery_id, id) where status = 'NEW';
