{#
  Credit notes, per recognition clock of their source. A source without payments sells nothing by the clock of payments, and so
  takes nothing back by it.
#}
{%- set touched = ['int_revenue_subjects'] -%}
{{ config(materialized='ephemeral', step_of='int_revenue_returns') }}
-- depends_on: {{ ref('int_revenue_subjects') }}

with return_lines as (
    select
        return_lines.*,
        coalesce(return_lines.order_id, concat('return:', return_lines.return_id)) as subject_id
    from {{ ref('int_return_lines') }} as return_lines
    where
        return_lines.is_credit_note
        and return_lines.credit_amount is not null
        and {{ is_touched(
            "coalesce(return_lines.order_id, concat('return:', return_lines.return_id))", touched, key='subject_id'
        ) }}
),

coverage as (
    select * from {{ ref('int_coverage') }}
),

source_clocks as (
    select
        coverage.source,
        case coverage.feed
            when 'orders' then 'placed'
            when 'payments' then 'paid'
            when 'shipments' then 'shipped'
            when 'tracking' then 'delivered'
        end as recognition_clock
    from coverage
    where
        coverage.feed = 'orders'
        or (coverage.is_tracked and coverage.feed in ('payments', 'shipments', 'tracking'))
),

credit_notes as (
    select
        return_lines.*,
        {{ business_date('least(return_lines.received_at, return_lines.restocked_at, return_lines.scrapped_at)') }}
            as credited_date
    from return_lines
),

final as (
    select
        credit_notes.subject_id,
        credit_notes.return_id,
        credit_notes.line_id,
        source_clocks.recognition_clock,
        credit_notes.sku,
        credit_notes.channel,
        credit_notes.country,
        -- XXX is the ISO code for no currency. It has no rate.
        coalesce(credit_notes.currency, 'XXX') as currency,
        cast(credit_notes.returned_quantity as {{ dbt.type_bigint() }}) as returned_quantity,
        cast(credit_notes.returned_quantity - credit_notes.scrapped_quantity as {{ dbt.type_bigint() }}) as restocked_quantity,
        cast(credit_notes.credit_amount as {{ money_type() }}) as returns_amount,
        cast(credit_notes.credited_date as date) as business_date
    from credit_notes
    inner join source_clocks on credit_notes._source = source_clocks.source
    where credit_notes.credited_date is not null
)

select * from final
