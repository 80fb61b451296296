-- A delivery may be a batch of events, each with its own result.

alter table events
    add column event_index bigint not null default 0,
    add column outcome text,
    add column note text,
    add column planned_runs bigint;

-- Until now every delivery was one event, so its own result is the event's.
update events
set outcome = deliveries.outcome, note = deliveries.note, planned_runs = deliveries.planned_runs
from deliveries where deliveries.id = events.delivery;

alter table events
    alter column event_index drop default,
    alter column outcome set not null,
    alter column planned_runs set not null,
    drop constraint events_pkey,
    add primary key (delivery, event_index);

alter table runs add column event_index bigint;
