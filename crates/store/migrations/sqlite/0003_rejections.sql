-- A rejection says which rule refused, which headers were there, and for how many more it stands.

alter table notices add column rule text not null default '';
alter table notices add column headers text not null default '[]';
alter table notices add column more integer not null default 0;
