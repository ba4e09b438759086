-- Each kind of action is refused with a reason and accepted in some state of each axis; a state of an axis has one rule.
with rules as (
    select * from {{ ref('action_rules') }}
),

words as (
    select canonical_vocabulary.word
    from {{ ref('canonical_vocabulary') }} as canonical_vocabulary
    where
        canonical_vocabulary.feed = 'actions'
        and canonical_vocabulary.column_name = 'kind'
)

select
    rules.kind,
    rules.axis
from rules
where rules.kind <> 'unknown'
group by rules.kind, rules.axis
having
    count(*) <> count(distinct rules.state)
    or count(distinct rules.step) > 1
    or count(*) filter (where rules.is_accepted) = 0
    or count(*) filter (where rules.is_accepted = (rules.rejection is not null)) > 0
union all
select
    words.word as kind,
    'subject' as axis
from words
where not exists (
    select 1 from rules
    where
        rules.kind = words.word
        and rules.axis = 'subject'
)
