"""The twelve research questions that the model was made for, the fifth and the twelfth in two queries each."""

from archive.describing.questions.question import Question

RESEARCH = (
    Question(
        name="who-held-a-post",
        title="Who held a post on a day, and how sure are we?",
        description="Certain: the day lies between a known start, or a day on which a source shows somebody in the"
        " post, and a known end or another such day. Possible: nothing speaks against it. No: the person held the"
        " post at another time, or its seats were certainly taken by others. One line for each person who ever held"
        " it. Left empty, day is 2019-06-01 and post is post/powys-director-of-social-services; other posts are in"
        " the table posts.",
        params=("day", "post"),
        sql="""
with asked as (
  select coalesce(nullif(trim(:day), ''), '2019-06-01') as day,
         coalesce(nullif(trim(:post), ''), 'post/powys-director-of-social-services') as post_id
), held as (
  select t.*, case
    when asked.day between coalesce(t.started_latest, t.attested_first)
                       and coalesce(t.ended_earliest, t.attested_last) then 1
    when asked.day between coalesce(t.started_earliest, '0000')
                       and coalesce(t.ended_latest, '9999') then 2
    else 3 end as answer
  from asked join tenures t on t.post_id = asked.post_id
), best as (
  select held.*, row_number() over (
    partition by person_id order by answer, coalesce(attested_last, started_latest) desc, id) as place
  from held
), taken as (
  select count(*) >= max(p.seats) as full from best join posts p on p.id = best.post_id
  where best.place = 1 and best.answer = 1
)
select asked.day, p.name,
  case when b.answer = 1 then 'certain' when b.answer = 2 and not coalesce(taken.full, 0) then 'possible'
       else 'no' end as how_sure,
  b.title_as_stated, b.interim, b.started, b.ended, b.ended_latest, b.ended_basis, b.attested_first, b.attested_last,
  b.person_id, b.id as tenure_id
from asked, taken
join best b on b.place = 1
join people p on p.id = b.person_id
order by how_sure = 'no', how_sure, p.name, b.id
""",
    ),
    Question(
        name="what-was-due",
        title="What was promised or required by a day, and what became of it?",
        description="The status is worked out on the day you look. Unknown means that no outcome is recorded, which"
        " is not the same as missed. Left empty, day is today.",
        params=("day",),
        sql="""
select s.due_earliest, s.due_latest, s.what, s.kind, o.label as obliged, s.done, s.status, s.finding,
  s.id as commitment_id
from commitment_status s
left join records o on o.id = s.obliged_id
where s.due_latest <= coalesce(nullif(trim(:day), ''), date('now'))
order by s.due_latest, s.id
""",
    ),
    Question(
        name="verdicts-that-depend-on-the-reading",
        title="Which verdicts depend on how the deadline is read?",
        description="One line for each way in which a source lets the deadline be read: the same deed can be in"
        " time on one and late on another.",
        sql="""
select c.what, r.label as reading, r.due, c.done,
  case when c.result is null or c.result <> 'done'
         then iif(r.due_latest >= date('now'), 'not yet due', 'past, and no outcome recorded')
       when c.done_latest <= r.due_latest then 'met'
       when c.done_earliest > r.due_latest
         then 'late by ' || iif(c.done_earliest = c.done_latest, '', 'at least ')
              || cast(julianday(c.done_earliest) - julianday(r.due_latest) as integer) || ' days'
       else 'cannot be told' end as on_this_reading,
  r.source_id, c.id as commitment_id
from commitment_status c
join readings r on r.commitment_id = c.id
where c.status = 'depends on reading'
order by c.id, r.due_latest desc, r.number
""",
    ),
    Question(
        name="what-the-public-could-know",
        title="What could the public have known on a day?",
        description="Not what we know now: only what a source had certainly said by then, wrong claims of sources"
        " included (see standing). What we ourselves recorded wrongly is left out. Left empty, day is 2017-11-20.",
        params=("day",),
        sql="""
select a.public_from, r.kind, r.label, a.field, a.value, p.label as said_by, a.standing,
  a.source_id, a.record_id
from assertions a
join records r on r.id = a.record_id
left join sources s on s.id = a.source_id
left join records p on p.id = s.publisher_id
where a.public_from <= coalesce(nullif(trim(:day), ''), '2017-11-20')
  and +a.field in ('start', 'end', 'attested', 'held_on', 'happened', 'published', 'said_on',
                  'readings', 'result', 'value')
  and a.standing not in ('amended', 'retracted')
order by a.public_from, a.record_id, a.number
""",
    ),
    Question(
        name="what-the-archive-no-longer-says",
        title="What did the archive say at a moment that it no longer says, and why?",
        description="A moment is a UTC time such as 2026-12-31T00:00:00Z. Left empty, it gives every correction"
        " ever made.",
        params=("moment",),
        sql="""
select r.label, c.kind, c.field, c.before, c.after, c.reason, c.note, c.corrected_at, c.in_force,
  c.event, c.record_id
from corrections c
join records r on r.id = c.record_id
where nullif(trim(:moment), '') is null
   or (c.corrected_at > trim(:moment) and r.known_from <= trim(:moment))
order by c.corrected_at, c.event, c.record_id, c.number
""",
    ),
    Question(
        name="a-record-as-it-was-known",
        title="What did the archive know of a record at a moment?",
        description="The whole record as JSON, as it stood at the moment (a UTC time such as 2026-12-31T00:00:00Z)."
        " Left empty, moment gives every version, and record is"
        " commitment/improvement-plan-within-20-working-days.",
        params=("record", "moment"),
        sql="""
select v.record_id, v.version, v.known_from, v.known_to, v.event, v.data
from versions v
where v.record_id = coalesce(nullif(trim(:record), ''),
                             'commitment/improvement-plan-within-20-working-days')
  and (nullif(trim(:moment), '') is null
       or (v.known_from <= trim(:moment) and (v.known_to is null or v.known_to > trim(:moment))))
order by v.version
""",
    ),
    Question(
        name="what-somebody-said",
        title="What did somebody say over the years, and as what?",
        description="The column speaking_as gives the posts and memberships in which the person certainly was on that day."
        " Left empty, speaker is person/rachel-powell; others are in the table people.",
        params=("speaker",),
        sql="""
select s.said, s.gist, s.quote, s.mode, s.speaker_basis,
  (select group_concat(t.title_as_stated, '; ') from tenures t
   where t.person_id = s.speaker_id
     and s.said_earliest >= coalesce(t.started_latest, t.attested_first)
     and s.said_latest <= coalesce(t.ended_earliest, t.attested_last)) as speaking_as,
  s.meeting_id, s.document_id, s.id as statement_id
from statements s
where s.speaker_id = coalesce(nullif(trim(:speaker), ''), 'person/rachel-powell')
order by s.said_earliest, s.id
""",
    ),
    Question(
        name="gaps-in-a-post",
        title="How long was a post in interim or unknown hands?",
        description="The column days_unknown counts from the last day on which a holder is certain to the first on which the"
        " next one can have begun, or is known to have been there. Left empty, post is post/powys-director-of-social-services.",
        params=("post",),
        sql="""
with held as (
  select t.*, coalesce(t.started_earliest, t.attested_first, t.ended_earliest) as from_day,
         coalesce(t.ended_earliest, t.attested_last, t.started_latest) as until_day
  from tenures t
  where t.post_id = coalesce(nullif(trim(:post), ''), 'post/powys-director-of-social-services')
), ordered as (
  select held.*, lead(from_day) over (order by from_day, id) as next_from from held
)
select p.name, o.title_as_stated, o.interim, o.from_day as first_known_day, o.until_day as last_certain_day,
  o.ended_latest, o.ended_basis, o.next_from,
  max(0, cast(julianday(o.next_from) - julianday(o.until_day) as integer)) as days_unknown,
  o.person_id, o.id as tenure_id
from ordered o
join people p on p.id = o.person_id
order by o.from_day, o.id
""",
    ),
    Question(
        name="what-rests-on-one-source",
        title="What rests on a single source?",
        description="For each kind of record with any source: how many have only one.",
        sql="""
select kind, count(*) as records, sum(source_count = 1) as with_one_source,
  cast(round(100.0 * sum(source_count = 1) / count(*)) as integer) as percent
from records
where +state = 'current' and source_count > 0
group by kind
order by percent desc, records desc, kind
""",
    ),
    Question(
        name="where-sources-disagree",
        title="Where do sources contradict each other?",
        description="The tables show value_a. An open conflict is one that nobody has settled.",
        sql="""
select r.label, c.field, c.value_a, pa.label as said_by, c.value_b, pb.label as but_said_by, c.state,
  c.source_a, c.source_b, c.record_id
from conflicts c
join records r on r.id = c.record_id
left join sources a on a.id = c.source_a
left join records pa on pa.id = a.publisher_id
left join sources b on b.id = c.source_b
left join records pb on pb.id = b.publisher_id
order by +c.state, r.label, c.number
""",
    ),
    Question(
        name="a-body-under-all-its-names",
        title="What do we have about a body or a person, under any name?",
        description="Everything recorded that names it, whatever it was called at the time. Capital letters do not"
        " matter. Left empty, name is CSSIW: the inspectorate that is now Care Inspectorate Wales.",
        params=("name",),
        sql="""
with called as (
  select distinct record_id from names
  where name = coalesce(nullif(trim(:name), ''), 'CSSIW') collate nocase
)
select distinct r.day, r.kind, r.label, b.label as names, r.id as record_id
from called c
join records b on b.id = c.record_id
join event_records e on e.record_id = c.record_id
join events v on v.seq = e.event and v.in_force = 1
join event_records a on a.event = e.event and a.role = 'about'
join records r on r.id = a.record_id and r.state = 'current'
order by r.day_earliest is null, r.day_earliest, r.id
""",
    ),
    Question(
        name="timeline-with-proof",
        title="What happened between two days, and which words prove it?",
        description="Each line with the places in the sources that support or contradict it; the words themselves"
        " only where they are few. Left empty, the days are 2017-10-01 and 2018-01-31.",
        params=("first", "last"),
        sql="""
select t.day, t.kind, t.title, e.stance, e.quote, p.label as said_by, s.url, e.char_start, e.char_end,
  e.source_id, t.record_id
from timeline t
left join evidence e on e.record_id = t.record_id
left join sources s on s.id = e.source_id
left join records p on p.id = s.publisher_id
where t.day_latest >= coalesce(nullif(trim(:first), ''), '2017-10-01')
  and t.day_earliest <= coalesce(nullif(trim(:last), ''), '2018-01-31')
order by t.day_earliest, t.day_latest, t.record_id, t.kind, e.event, e.number
""",
    ),
    Question(
        name="what-we-inferred",
        title="How much of the record is our inference, not the source's word?",
        description="What is named or stated is the source's own word; every other basis is our reading of it, from a"
        " pronoun taken back to its name, or last month counted from the day of printing, to plain inference.",
        sql="""
with bases as (
  select 'who made a statement' as what, speaker_basis as basis from statements
  union all select 'the day of a meeting', basis from meetings where held_on is not null
  union all select 'the day a source was published', published_basis from sources
   where published is not null
)
select what, basis, count(*) as number,
  cast(round(100.0 * count(*) / sum(count(*)) over (partition by what)) as integer) as percent
from bases
group by what, basis
order by what, number desc, basis
""",
    ),
    Question(
        name="find-words",
        title="Where do these words stand?",
        description="Words in this order, the last one may be cut short: inspect finds inspection. Accents and"
        " capital letters do not matter. Left empty, words is improvement plan.",
        params=("words",),
        sql="""
select r.kind, r.label, snippet(search, -1, '[', ']', '…', 12) as found, r.day, r.id as record_id
from search
join records r on r.id = search.record_id
where search match
  '"' || replace(coalesce(nullif(trim(:words), ''), 'improvement plan'), '"', ' ') || '"*'
order by search.rank, r.id
limit 100
""",
    ),
)
