-- What past tasks teach: patterns, how they are found again, and which tasks were told of them.
--
--   patterns               one row per ended task, in the payload of SPEC §11
--   pattern_terms          postings: which pattern has which stem how often, and which groups of the thesaurus (`~`, learning/words.ts)
--   pattern_vectors        one dense vector per pattern and embedding model; `signature` holds the sign of each dimension
--   pattern_indexed        which patterns another index (Qdrant) has taken over; what is missing there is offered again
--   recommendations        what a task was told of, or would have been: the withheld share is what shows whether telling helps
--
-- A pattern is written right after its task ended, from what the log says, but never in the task's own transaction: learning must not slow
-- or fail work. `learning_progress` says how far each log was read, so that nothing is lost when that was interrupted.

alter table patterns
  add column number       integer generated always as identity unique,
  add column project      text not null default '',
  add column task_type    text not null default '',
  add column outcome      text not null default 'unverified' check (outcome in ('success', 'failure', 'unverified')),
  add column attempt      integer not null default 0,
  add column finished_at  timestamptz not null default now(),
  add column content      text not null default '',   -- what vectors are made of
  add column words        integer not null default 0;

create table pattern_terms (
  term       text not null,
  pattern    integer not null references patterns (number) on delete cascade,
  frequency  smallint not null,
  words      smallint not null,   -- of the whole pattern: BM25 weighs by length, and this saves a join
  primary key (term, pattern) include (frequency, words)  -- read from the index alone: from the table a search takes twice as long
);
create index pattern_terms_by_pattern on pattern_terms (pattern);

-- Counted when patterns come and go: counting at every search would be most of its time.
create table pattern_words (
  term      text primary key,
  patterns  integer not null
);
create table pattern_counts (
  one       boolean primary key default true check (one),
  patterns  integer not null default 0,
  words     bigint not null default 0
);
insert into pattern_counts default values;

create table pattern_vectors (
  model      text not null,
  pattern    integer not null references patterns (number) on delete cascade,
  vector     bytea not null,        -- little-endian float32
  signature  bit varying not null,
  primary key (model, pattern)
);

create table pattern_indexed (
  index_name  text not null,
  pattern     integer not null references patterns (number) on delete cascade,
  primary key (index_name, pattern)
);

create table recommendations (
  execution_id       uuid not null,
  task_id            text not null,
  shown              boolean not null,
  patterns           uuid[] not null,
  estimated_seconds  double precision,  -- from the similar tasks that succeeded
  created_at         timestamptz not null default now(),
  primary key (execution_id, task_id)
);

-- How far the log of an execution was read: everything up to `seq` belongs to tasks whose pattern is written or that leave none.
create table learning_progress (
  execution_id uuid primary key,
  seq          bigint not null
);

-- Executions whose log went on since it was last read, newest first.
create function unlearned_executions(p_limit integer) returns table (execution_id uuid, seq bigint) language sql stable as $$
  select e.id, coalesce(l.seq, 0) from executions e left join learning_progress l on l.execution_id = e.id
  where e.last_seq > coalesce(l.seq, 0) and (e.finished_at is null or e.finished_at > longhaul_now() - interval '7 days')
  order by e.id desc limit p_limit
$$;

-- Writes one pattern with its words and returns its number; null for a repeated call, and for an older attempt than the known one.
create function learn(p_execution uuid, p_task_id text, p_attempt integer, p_project text, p_task_type text, p_outcome text,
                      p_finished timestamptz, p_payload jsonb, p_words jsonb, p_content text) returns integer language plpgsql as $$
declare
  v_number integer;
  v_words integer;
  v_old integer;
begin
  perform from pattern_counts for update; -- one writer at a time keeps the counts exact and the order of locks simple
  select p.number into v_old from patterns p where p.execution_id = p_execution and p.task_id = p_task_id and p.attempt < p_attempt;
  perform forget(v_old);
  insert into patterns (id, execution_id, task_id, payload, project, task_type, outcome, attempt, finished_at, content)
    values (md5(p_execution || '/' || p_task_id || '/' || p_attempt)::uuid, p_execution, p_task_id, p_payload, p_project, p_task_type, p_outcome,
            p_attempt, p_finished, p_content)
    on conflict (execution_id, task_id) do nothing returning number into v_number;
  if v_number is null then return null; end if;
  with lexemes as (
    select l.key as lexeme, least(l.value::integer, 255) as frequency from jsonb_each_text(p_words) l
  ),
  counted as (select coalesce(sum(frequency) filter (where lexeme not like '~%'), 0)::integer as words from lexemes),
  posted as (
    insert into pattern_terms (term, pattern, frequency, words)
      select l.lexeme, v_number, l.frequency, least(c.words, 32000) from lexemes l cross join counted c
  ),
  known as (
    insert into pattern_words as w (term, patterns) select l.lexeme, 1 from lexemes l order by 1
      on conflict (term) do update set patterns = w.patterns + 1
  )
  update patterns p set words = c.words from counted c where p.number = v_number returning p.words into v_words;
  update pattern_counts set patterns = patterns + 1, words = words + v_words;
  return v_number;
end $$;

-- Takes a pattern out with its words and vectors.
create function forget(p_number integer) returns void language plpgsql as $$
begin
  update pattern_words w set patterns = w.patterns - 1 from pattern_terms t where t.pattern = p_number and w.term = t.term;
  update pattern_counts c set patterns = c.patterns - 1, words = c.words - p.words from patterns p where p.number = p_number;
  delete from patterns where number = p_number;
end $$;

-- How much a word tells (inverse document frequency). Few patterns make every word look common or unheard of, so fifty are assumed at least; a
-- word that no pattern has may be a rare one or just another way to say it, and counts less than one that occurs once.
create function word_weight(p_with bigint, p_patterns double precision) returns double precision language sql immutable as $$
  select case when p_with is null or p_with < 1 then 0.8 * ln(1 + greatest(p_patterns, 50) / 1.5::float8)
              else ln(1 + (greatest(p_patterns, 50) - p_with + 0.5::float8) / (p_with + 0.5::float8)) end
$$;

-- What one word adds to the score of a pattern that has it so often; in float, because numeric arithmetic would be most of a search.
create function term_weight(p_frequency smallint, p_words smallint, p_average double precision) returns double precision language sql immutable as $$
  select p_frequency * 2.2::float8 / (p_frequency + 1.2::float8 * (0.4::float8 + 0.6::float8 * p_words / p_average))
$$;

-- The ways to find each word of a question (learning/words.ts) with their rarity. `whole` is what the word is worth when it is found as it
-- stands; a word that no pattern has is worth its best other way.
create function asked_terms(p_asked jsonb)
  returns table (word integer, term text, weight double precision, whole double precision, patterns integer, known boolean)
language sql stable as $$
  with asked as (
    select a.word, a.term, coalesce(d.patterns, 0) as patterns, coalesce(d.patterns, 0) > 0 as known,
           a.weight * word_weight(d.patterns, c.patterns) as weight
    from jsonb_to_recordset(p_asked) a (word integer, term text, weight double precision)
    cross join pattern_counts c left join pattern_words d on d.term = a.term
  )
  select a.word, a.term, a.weight,
         coalesce(max(a.weight) filter (where a.known and a.term not like '~%') over each, max(a.weight) filter (where a.known) over each,
                  max(a.weight) over each),
         a.patterns, a.known
  from asked a window each as (partition by a.word)
$$;

-- BM25 (Robertson and Zaragoza 2009, k1 = 1.2, b = 0.6) over the words of the question, each counted by the best way in which a pattern has it.
-- `similarity` is the weight of the words that were found divided by that of all: 1 means that every word was found, and rare words count
-- more. `mass` is the same weight, and `score` is BM25, both measured by the weight of a word that nothing else has. Common words say little
-- and cost most, so the rarest find the candidates and all rank them; with `p_among` these are the candidates.
create function search_patterns(p_asked jsonb, p_limit integer, p_among uuid[] default null)
  returns table (pattern integer, score double precision, similarity double precision, mass double precision)
language plpgsql stable as $$
declare
  v_average double precision;
  v_rarest double precision;
  v_words integer[];
  v_terms text[];
  v_weights double precision[];
  v_wholes double precision[];
  v_finders integer;
  v_total double precision;
  v_candidates integer[];
begin
  select greatest(c.words::double precision / greatest(c.patterns, 1), 1), ln(1 + greatest(c.patterns, 50) / 1.5::float8)
    into v_average, v_rarest from pattern_counts c;
  with asked as (select * from asked_terms(p_asked) order by whole desc, word, weight desc limit 100),
  ordered as (
    select a.*, sum(a.patterns) over (order by a.patterns, a.term, a.word rows between unbounded preceding and current row) as postings
    from asked a where a.known
  )
  select array_agg(o.word order by o.patterns, o.term, o.word), array_agg(o.term order by o.patterns, o.term, o.word),
         array_agg(o.weight order by o.patterns, o.term, o.word), array_agg(o.whole order by o.patterns, o.term, o.word),
         count(*) filter (where o.postings <= 5000 or o.postings = o.patterns),
         (select sum(w.whole) from (select distinct a.word, a.whole from asked a) w)
    into v_words, v_terms, v_weights, v_wholes, v_finders, v_total from ordered o;
  if v_terms is null then return; end if;
  if p_among is null then
    select array_agg(f.pattern) into v_candidates from (
      select t.pattern from unnest(v_terms[1:v_finders], v_weights[1:v_finders]) f (term, weight) join pattern_terms t on t.term = f.term
      group by t.pattern order by sum(f.weight * term_weight(t.frequency, t.words, v_average)) desc, t.pattern desc limit 200) f;
  else
    select array_agg(p.number) into v_candidates from patterns p where p.id = any (p_among);
  end if;
  return query
  with found as (
    select t.pattern, a.word, max(a.weight * term_weight(t.frequency, t.words, v_average)) as part, max(least(a.weight, a.whole)) as had
    from unnest(v_words, v_terms, v_weights, v_wholes) a (word, term, weight, whole)
    join pattern_terms t on t.term = a.term and t.pattern = any (v_candidates)
    group by t.pattern, a.word
  )
  select f.pattern, sum(f.part) / v_rarest, sum(f.had) / nullif(v_total, 0), sum(f.had) / v_rarest
  from found f group by f.pattern order by 2 desc, f.pattern desc limit p_limit;
end $$;
