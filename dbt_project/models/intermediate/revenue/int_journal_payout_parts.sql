{#
  Parts of the payouts that are posted, each with the state of its payout. A payout is paid out on its day, or not at all if it failed.
  Parts of other payouts that name a payment of one that is touched are read too.
#}
{%- set touched = ['int_journal_subjects'] -%}
{{ config(materialized='ephemeral', step_of='int_journal') }}
-- depends_on: {{ ref('int_journal_subjects') }}

with links as (
    select * from {{ ref('int_payout_links') }}
),

-- A payout is related to those that a payment in it, or named by it, is also in, and so to itself.
related as (
    select others.payout_id
    from links
    inner join links as others on links.payment_id = others.payment_id
    where {{ is_touched("concat('payout:', links.payout_id)", touched, key='subject_id') }}
),

payout_parts as (
    select * from {{ ref('int_payout_parts') }}
),

parts as (
    select payout_parts.*
    from payout_parts
    where
        {{ is_touched("concat('payout:', payout_parts.payout_id)", touched, key='subject_id') }}
        or payout_parts.payout_id in (select related.payout_id from related)
),

stated as (
    select * from {{ ref('int_payouts_stated') }}
),

payouts as (
    select
        parts.payout_id,
        coalesce(parts.provider, '') as provider,
        max(case when stated.payout_status in ('failed', 'cancelled') then 1 else 0 end) = 1 as is_failed,
        coalesce(max(stated.arrives_at), max(parts.payout_at), max(stated.occurred_at)) as payout_at
    from parts
    left join stated
        on parts.payout_id = stated.payout_id and coalesce(parts.provider, '') = coalesce(stated.provider, '')
    group by
        parts.payout_id,
        coalesce(parts.provider, '')
),

final as (
    select
        parts.*,
        payouts.payout_at as paid_out_at,
        payouts.is_failed
    from parts
    inner join payouts
        on
            parts.payout_id = payouts.payout_id
            and coalesce(parts.provider, '') = payouts.provider
)

select * from final
