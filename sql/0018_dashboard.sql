-- Browsers that are logged in to the dashboard. Only hashes are kept: whoever reads the database cannot log in with what is there.
--
-- A code from the command line lives for a minute and is deleted by its use, so that it counts once however many come with it. What it is
-- exchanged for has two halves: a cookie, which scripts cannot read, and a proof, which the page sends as a header. A cookie goes to every
-- port of a host, also to a server that a task started; without the proof it opens nothing.

create table dashboard_codes (
  code_hash   bytea primary key,
  expires_at  timestamptz not null
);

create table dashboard_sessions (
  cookie_hash bytea primary key,
  proof_hash  bytea not null,
  created_at  timestamptz not null,
  expires_at  timestamptz not null
);

create function offer_dashboard_code(p_code bytea, p_seconds double precision) returns timestamptz language sql as $$
  delete from dashboard_codes where expires_at <= longhaul_now();
  insert into dashboard_codes values (p_code, longhaul_now() + p_seconds * interval '1 second') returning expires_at;
$$;

-- Null when the code is unknown, used or too old.
create function redeem_dashboard_code(p_code bytea, p_cookie bytea, p_proof bytea, p_seconds double precision) returns timestamptz
language plpgsql as $$
declare
  v_expires timestamptz;
begin
  delete from dashboard_codes c where c.code_hash = p_code returning c.expires_at into v_expires;
  if not found or v_expires <= longhaul_now() then return null; end if;
  delete from dashboard_sessions s where s.expires_at <= longhaul_now();
  insert into dashboard_sessions values (p_cookie, p_proof, longhaul_now(), longhaul_now() + p_seconds * interval '1 second')
    returning expires_at into v_expires;
  return v_expires;
end $$;
