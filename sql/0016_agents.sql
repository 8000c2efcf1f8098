-- Remote agents: who they are, and what was refused to them.
--
-- A token is 256 random bits, shown once; the table has its SHA-256 only, which is enough to find whose it is and useless to whoever reads the
-- table. What an agent may do hangs on its row, never on what it says of itself. A join token lets a machine register itself, as often and for
-- as long as its owner said.

alter table agents add column revoked_at timestamptz;
alter table agents add check ((revoked_at is not null) = (status = 'revoked'));

create table agent_join_tokens (
  id            uuid primary key,
  digest        text not null unique,
  capabilities  text[],                 -- the most an agent may claim to have; null: whatever it says
  uses_left     integer not null check (uses_left >= 0),
  created_at    timestamptz not null default now(),
  expires_at    timestamptz not null
);

-- Equal refusals within a few seconds are one row that counts them, so that a runaway agent cannot fill the disk.
create table audit_entries (
  id            bigint generated always as identity primary key,
  at            timestamptz not null,
  principal     text not null,          -- 'agent ID', 'join token ID'
  action        text not null,          -- method and path
  status        integer not null,       -- what was answered
  reason        text not null,
  times         integer not null default 1 check (times > 0)
);
create index audit_entries_by_principal on audit_entries (principal, id desc);

-- Registers an agent; with the digest of a join token, uses that up by one.
create function register_agent(p_id uuid, p_name text, p_capabilities text[], p_digest text, p_join_digest text) returns void
language plpgsql as $$
begin
  if p_join_digest is not null then
    update agent_join_tokens set uses_left = uses_left - 1
      where digest = p_join_digest and uses_left > 0 and expires_at > longhaul_now();
    if not found then raise exception 'the join token is used up or has expired' using errcode = 'LH409'; end if;
  end if;
  insert into agents (id, name, capabilities, token_digest, registered_at) values (p_id, p_name, p_capabilities, p_digest, longhaul_now());
end $$;

-- For good: its token opens nothing any more. False when it was revoked before.
create function revoke_agent(p_id uuid) returns boolean language plpgsql as $$
begin
  update agents set status = 'revoked', revoked_at = longhaul_now() where id = p_id and status <> 'revoked';
  if not found then
    perform from agents where id = p_id;
    if not found then raise exception 'no agent %', p_id using errcode = 'LH404'; end if;
    return false;
  end if;
  perform pg_notify('longhaul_agents', 'changed');
  return true;
end $$;
