"""Eight more questions, which the wider record makes worth asking: figures, moving deadlines, silence."""

from archive.describing.questions.question import Question

WIDER = (
    Question(
        name="figures-over-time",
        title="How did a number change over the years?",
        description="Each figure with the day it is of, who gave it, and whether it is what was, what was planned or"
        " what was feared, and where. Left empty, measure is measure/children-looked-after; others, such as"
        " measure/agency-staff-childrens-services and measure/overspend-childrens-services, are in the table"
        " measures.",
        params=("measure",),
        sql="""
select f.as_of_latest as day, f.value, f.qualifier, f.unit, f.kind || coalesce(', ' || a.label, '') as series,
  p.label as said_by, f.as_of, f.period, f.source_id, f.id as figure_id
from figures f
left join records a on a.id = f.area_id
left join sources s on s.id = f.source_id
left join records p on p.id = s.publisher_id
where f.measure_id = coalesce(nullif(trim(:measure), ''), 'measure/children-looked-after')
order by f.as_of_latest, f.id
""",
    ),
    Question(
        name="deadlines-by-status",
        title="How do all the promises and duties stand?",
        description="Worked out on the day you look. Unknown means that no outcome is recorded: nobody has told, which"
        " is not the same as missed. Undatable promises have no day by which they could be judged.",
        sql="""
with stands as materialized (select status, due_earliest, due_latest from commitment_status)
select status as label, count(*) as value, min(due_earliest) as first_due, max(due_latest) as last_due
from stands
group by status
order by value desc, label
""",
    ),
    Question(
        name="how-a-deadline-moved",
        title="How did a deadline move from one account to the next?",
        description="Every promise with more than one date, each as its sources give it, in the order in which the"
        " public could read them. The column days counts from the first of them.",
        sql="""
with told as (
  select r.*, s.published, s.published_latest, p.label as said_by
  from readings r
  left join sources s on s.id = r.source_id
  left join records p on p.id = s.publisher_id
), moved as (
  select commitment_id from readings group by commitment_id having count(distinct due_latest) > 1
)
select c.what, t.label as reading, t.due_earliest, t.due_latest,
  cast(julianday(t.due_latest) - julianday(first_value(t.due_latest) over w) as integer) as days,
  t.said_by, t.published, c.done, t.source_id, t.commitment_id
from told t
join moved on moved.commitment_id = t.commitment_id
join commitments c on c.id = t.commitment_id
window w as (partition by t.commitment_id order by t.published_latest is null, t.published_latest, t.number)
order by t.commitment_id, t.published_latest is null, t.published_latest, t.number
""",
    ),
    Question(
        name="documents-and-answers",
        title="Which document answers or replaces which?",
        description="Inspection reports, notices, plans and reviews as chains: what each one answered and what came of"
        " it. The column step counts from the document that began the chain.",
        sql="""
with recursive link(id, onto) as (
  select id, responds_to_id from documents where responds_to_id is not null
  union select id, replaces_id from documents where replaces_id is not null
), chain(id, began, step, way) as (
  select d.id, d.id, 0, coalesce(d.published_earliest, '9999') || d.id
  from documents d
  where d.id in (select onto from link) and d.id not in (select id from link)
  union
  select d.id, c.began, c.step + 1, c.way || '>' || coalesce(d.published_earliest, '9999') || d.id
  from chain c
  join link l on l.onto = c.id
  join documents d on d.id = l.id
  where c.step < 20
)
select c.step, d.title, d.kind, a.label as author, d.published,
  case when d.replaces_id is not null then 'replaces ' || r.label
       when d.responds_to_id is not null then 'answers ' || q.label end as relation,
  b.label as began_with, d.id as document_id
from chain c
join documents d on d.id = c.id
left join records a on a.id = d.author_id
left join records q on q.id = d.responds_to_id
left join records r on r.id = d.replaces_id
join records b on b.id = c.began
order by c.way
""",
    ),
    Question(
        name="figures-that-compete",
        title="Which figures for the same thing do not agree?",
        description="Two figures of one measure whose days are at most so many days apart. Left empty, days is 61. Figures for"
        " two different periods, such as two financial years, or for two places are not compared. Neither need be wrong: they may count"
        " differently.",
        params=("days",),
        sql="""
with near as (select cast(coalesce(nullif(trim(:days), ''), '61') as integer) as days)
select m.label as measure, a.as_of, a.qualifier, a.value, a.kind, pa.label as said_by, b.as_of as other_as_of,
  b.qualifier as other_qualifier, b.value as other_value, b.kind as other_kind, pb.label as but_said_by, a.unit,
  a.id as figure_id, b.id as other_figure_id
from near
join figures a
join figures b on b.measure_id = a.measure_id and b.value <> a.value
  and (b.as_of_latest, b.id) > (a.as_of_latest, a.id)
  and julianday(b.as_of_earliest) - julianday(a.as_of_latest) <= near.days
  and (a.period is null or b.period is null or a.period = b.period)
  and (a.area_id is null or b.area_id is null or a.area_id = b.area_id)
  and (a.subject_id is null or b.subject_id is null or a.subject_id = b.subject_id)
join measures m on m.id = a.measure_id
left join sources sa on sa.id = a.source_id
left join records pa on pa.id = sa.publisher_id
left join sources sb on sb.id = b.source_id
left join records pb on pb.id = sb.publisher_id
order by m.label, a.as_of_latest, b.as_of_latest, a.id, b.id
""",
    ),
    Question(
        name="promised-and-not-heard-of",
        title="What was promised and never heard of again?",
        description="Promises and duties whose day has passed without an outcome on record. It may have been kept: our"
        " sources do not say.",
        sql="""
select s.due_latest, cast(julianday(date('now')) - julianday(s.due_latest) as integer) as days_since, s.what,
  s.kind, o.label as obliged, w.label as owed_to, s.id as commitment_id
from commitment_status s
left join records o on o.id = s.obliged_id
left join records w on w.id = s.owed_to_id
where s.status = 'unknown'
order by s.due_latest, s.id
""",
    ),
    Question(
        name="corrections-by-reason",
        title="What was corrected, and whose error was it?",
        description="Our own errors, errors of a source, and better evidence, by the publisher of what was corrected. A"
        " change in the world is no correction.",
        sql="""
select c.reason, c.kind, p.label as publisher, count(distinct c.event) as corrections,
  min(c.corrected_at) as first_at, max(c.corrected_at) as last_at
from corrections c
left join evidence e on e.event = c.target_event and e.number = 0
left join sources s on s.id = e.source_id
left join records p on p.id = s.publisher_id
group by c.reason, c.kind, p.label
order by corrections desc, c.reason, c.kind, p.label
""",
    ),
    Question(
        name="coverage-by-month",
        title="Which months do our sources cover, and which not?",
        description="For each month, how many sources appeared (value) and how many dated facts we have. A silent month may mean"
        " that nothing happened, or that we have read nothing.",
        sql="""
with recursive ends as (
  select substr(min(published_latest), 1, 7) || '-01' as day, substr(max(published_latest), 1, 7) || '-01' as last
  from sources
), every(day, last) as (
  select day, last from ends
  union all
  select date(day, '+1 month'), last from every where day < last
), months as (
  select substr(published_latest, 1, 7) || '-01' as day, count(*) as sources, 0 as facts
  from sources where published_latest is not null group by published_latest
  union all
  select substr(day_latest, 1, 7) || '-01', 0, count(*)
  from timeline where day_latest is not null and kind <> 'due' group by day_latest
  union all
  select day, 0, 0 from every where day is not null
)
select day, sum(sources) as value, sum(facts) as facts
from months
group by day
order by day
""",
    ),
)
