-- Figures of what ran, and how they go from day to day.
--
-- An execution that ends writes its figures in the same transaction, one statement for all its tasks; run again and ended again, it replaces
-- them. Tasks of kind noop and tasks that never ran have none. A rating is a person's, and stays until they give another one.
--
--   task_duration_seconds, task_attempts, task_tokens, task_cost_usd
--   task_pass_rate            share of the tests that passed in the last verification; of the checks where no test runner was recognised
--   execution_duration_seconds, execution_success_ratio (completed of all tasks), execution_tokens, execution_cost_usd
--   gate_score                of evaluation gates: what their command says, else 1 or 0
--   task_rating, execution_rating   1 to 10

create unique index execution_metrics_one on execution_metrics (execution_id, ordinal, metric) nulls not distinct;
create index execution_metrics_by_time on execution_metrics (recorded_at);

drop materialized view metric_trends;
create materialized view metric_trends as
  select (recorded_at at time zone 'UTC')::date as day, metric, count(*)::integer as samples, avg(value) as mean,
         percentile_cont(0.5) within group (order by value) as median, min(value) as minimum, max(value) as maximum
  from execution_metrics group by 1, 2;
create unique index metric_trends_key on metric_trends (day, metric);

-- When the view was last made new: what was recorded before then is in it.
create table metric_refresh (
  only_row      boolean primary key default true check (only_row),
  refreshed_at  timestamptz not null
);
insert into metric_refresh (refreshed_at) values ('-infinity');

create function record_metric(p_execution uuid, p_ordinal integer, p_metric text, p_value double precision) returns void
language sql as $$
  insert into execution_metrics (execution_id, ordinal, metric, value, recorded_at)
    values (p_execution, p_ordinal, p_metric, p_value, longhaul_now())
    on conflict (execution_id, ordinal, metric) do update set value = excluded.value, recorded_at = excluded.recorded_at
$$;

create function record_figures() returns trigger language plpgsql as $$
begin
  delete from execution_metrics where execution_id = new.id and metric not in ('task_rating', 'execution_rating', 'gate_score');
  insert into execution_metrics (execution_id, ordinal, metric, value, recorded_at)
    select new.id, null, f.metric, f.value, longhaul_now() from (values
      ('execution_duration_seconds', extract(epoch from new.finished_at - coalesce(new.started_at, new.created_at))::double precision),
      ('execution_success_ratio', case when new.total > 0 then new.completed::double precision / new.total end),
      ('execution_tokens', new.tokens::double precision),
      ('execution_cost_usd', new.cost_usd)) as f(metric, value)
    where f.value is not null;
  insert into execution_metrics (execution_id, ordinal, metric, value, recorded_at)
    select new.id, t.ordinal, f.metric, f.value, longhaul_now()
    from execution_tasks t
    left join lateral (
      select sum((e -> 'tests' ->> 'passedTests')::double precision) as passed, sum((e -> 'tests' ->> 'totalTests')::double precision) as total,
             count(*) filter (where (e ->> 'passed')::boolean) as checks_passed, count(*) as checks
      from jsonb_array_elements(case jsonb_typeof(t.result -> 'evidence') when 'array' then t.result -> 'evidence' else '[]' end) e
    ) c on true
    cross join lateral (values
      ('task_duration_seconds', extract(epoch from t.finished_at - t.started_at)::double precision),
      ('task_attempts', t.attempt::double precision),
      ('task_pass_rate', case when c.total > 0 then c.passed / c.total when c.checks > 0 then c.checks_passed::double precision / c.checks end),
      ('task_tokens', nullif(coalesce((t.result -> 'usage' ->> 'inputTokens')::double precision, 0)
        + coalesce((t.result -> 'usage' ->> 'outputTokens')::double precision, 0)
        + coalesce((t.result -> 'usage' ->> 'cacheReadTokens')::double precision, 0)
        + coalesce((t.result -> 'usage' ->> 'cacheWriteTokens')::double precision, 0), 0)),
      ('task_cost_usd', (t.result -> 'usage' ->> 'costUsd')::double precision)) as f(metric, value)
    where t.execution_id = new.id and t.kind <> 'noop' and t.attempt > 0 and t.started_at is not null and f.value is not null;
  return null;
end $$;
create trigger executions_figures after update of finished_at on executions
  for each row when (old.finished_at is null and new.finished_at is not null) execute function record_figures();

-- A person's opinion, 1 to 10, of a task or of all of it. Giving another one replaces it; the log has both.
create function rate(p_execution uuid, p_task_id text, p_rating integer, p_note text) returns void language plpgsql as $$
declare
  e executions := lock_execution(p_execution);
  v_ordinal integer;
begin
  if p_task_id is not null then v_ordinal := (lock_task(p_execution, p_task_id)).ordinal; end if;
  perform record_metric(p_execution, v_ordinal, case when p_task_id is null then 'execution_rating' else 'task_rating' end, p_rating);
  perform append_event(p_execution, case when p_task_id is null then 'execution.rated' else 'task.rated' end, p_task_id, null,
    jsonb_strip_nulls(jsonb_build_object('rating', p_rating, 'note', p_note)));
  perform wake_watchers(array[p_execution]);
end $$;
