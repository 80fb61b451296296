-- A delivery may be a batch of events, each with its own result.

create table events_by_index (
    delivery text not null,
    event_index integer not null,
    outcome text not null,
    note text,
    planned_runs integer not null,
    event_type text,
    entity text,
    actor text,
    summary text not null,
    primary key (delivery, event_index)
) strict, without rowid;

-- Until now every delivery was one event, so its own result is the event's.
insert into events_by_index
select events.delivery, 0, deliveries.outcome, deliveries.note, deliveries.planned_runs,
    events.event_type, events.entity, events.actor, events.summary
from events join deliveries on deliveries.id = events.delivery;

drop table events;
alter table events_by_index rename to events;

alter table runs add column event_index integer;
