-- Places: which node can see the workspace of an execution.
--
-- A workspace is a folder, and a folder is on one machine unless nodes share it. An execution therefore belongs to a place: `node:ID`, the
-- node it was handed to, or `shared:PATH`, a folder that several nodes say they see under the same name. Tasks are claimed only by nodes of
-- their place; without one (null) any node may have them. Other nodes still promote, expire and answer questions about all executions.

alter table executions add column place text;
alter table nodes add column places text[] not null default '{}';

drop function register_node(text, text, double precision);

-- Registers a start of a node. What an earlier process of the same node was running is its to adopt.
create function register_node(p_node text, p_version text, p_lease_seconds double precision, p_places text[]) returns bigint language sql as $$
  insert into nodes (id, incarnation, lease_until, version, started_at, places)
    values (p_node, 1, longhaul_now() + p_lease_seconds * interval '1 second', p_version, longhaul_now(), p_places)
  on conflict (id) do update set incarnation = nodes.incarnation + 1, lease_until = excluded.lease_until, sleeping = false,
    version = excluded.version, started_at = excluded.started_at, places = excluded.places
  returning incarnation
$$;
