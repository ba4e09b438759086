{#
  What refunds give away and take back, and what is cut from returns, day by day: the value by what is known on the day of the refund, and
  what each later day changes. The changes add up to what is known now. Where they do not, and where the currency of an order
  changed, everything is posted as it is known now.
#}
{%- set touched = ['int_touched_orders'] -%}
{%- set amounts = ['returns', 'tax', 'goodwill'] -%}
{%- set keys = ['order_id', 'return_id', 'line_id', 'event_number', 'payment_id'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with daily as (
    select * from {{ ref('int_journal_claims_daily') }}
),

current_claims as (
    select * from {{ ref('int_journal_claims_now') }}
),

changes as (
    select
        daily.*,
        {% for amount in amounts -%}
        daily.{{ amount }}_amount - coalesce(lag(daily.{{ amount }}_amount) over own_days, 0) as {{ amount }}_change,
        {% endfor -%}
        row_number() over (
            partition by daily.order_id, daily.return_id, daily.line_id, daily.event_number, daily.recognised_date, daily.payment_id
            order by daily.business_date desc
        ) as newest_first
    from daily
    window own_days as (
        partition by daily.order_id, daily.return_id, daily.line_id, daily.event_number, daily.recognised_date, daily.payment_id
        order by daily.business_date
    )
),

other_orders as (
    select current_claims.order_id
    from current_claims
    left join changes
        on
            current_claims.order_id = changes.order_id
            and current_claims.event_number = changes.event_number
            and coalesce(current_claims.return_id, '') = coalesce(changes.return_id, '')
            and coalesce(current_claims.line_id, '') = coalesce(changes.line_id, '')
            and coalesce(current_claims.payment_id, '') = coalesce(changes.payment_id, '')
            and (current_claims.payment_id is not null or current_claims.recognised_date = changes.recognised_date)
            and changes.newest_first = 1
    where
        changes.order_id is null
        {%- for amount in amounts %}
        or current_claims.{{ amount }}_amount <> changes.{{ amount }}_amount
        {%- endfor %}
),

posted as (
    select
        {% for key in keys -%}
        changes.{{ key }},
        {% endfor -%}
        changes.currency,
        {% for amount in amounts -%}
        changes.{{ amount }}_change as {{ amount }}_amount,
        {% endfor -%}
        changes.occurred_date,
        coalesce(changes.recognised_date, recognised.recognised_date) as recognised_date,
        changes.business_date,
        changes.business_date as goodwill_date
    from changes
    left join current_claims as recognised
        on
            changes.order_id = recognised.order_id
            and changes.payment_id = recognised.payment_id
    where changes.order_id not in (select other_orders.order_id from other_orders)
    union all
    select
        {% for key in keys -%}
        current_claims.{{ key }},
        {% endfor -%}
        current_claims.currency,
        {% for amount in amounts -%}
        current_claims.{{ amount }}_amount,
        {% endfor -%}
        current_claims.occurred_date,
        current_claims.recognised_date,
        coalesce(current_claims.recognised_date, current_claims.occurred_date) as business_date,
        current_claims.occurred_date as goodwill_date
    from current_claims
    where current_claims.order_id in (select other_orders.order_id from other_orders)
),

claims as (
    select
        posted.*,
        case
            when posted.payment_id is null then 'return_change'
            when coalesce(posted.business_date = posted.recognised_date, false) then 'goods_refund'
            else 'goods_refund_change'
        end as entry_kind
    from posted
    where posted.returns_amount <> 0 or posted.tax_amount <> 0
),

final as (
    select
        concat(
            claims.entry_kind, ':', coalesce(claims.payment_id, concat(claims.return_id, ':', claims.line_id)), ':',
            cast(claims.event_number as {{ dbt.type_string() }}),
            case when claims.payment_id is null then concat(':', cast(claims.recognised_date as {{ dbt.type_string() }}), ':cut') else '' end,
            ':', cast(claims.business_date as {{ dbt.type_string() }})
        ) as entry_id,
        claims.entry_kind,
        claims.order_id,
        claims.line_id,
        claims.return_id,
        claims.payment_id,
        claims.currency,
        cast(claims.returns_amount as {{ money_type() }}) as returns_amount,
        cast(claims.tax_amount as {{ money_type() }}) as tax_amount,
        cast(0 as {{ money_type() }}) as goodwill_amount,
        claims.recognised_date,
        cast(claims.business_date as date) as business_date,
        {{ this_batch() }} as _batch_id
    from claims
    union all
    select
        concat(
            case when posted.goodwill_date = posted.occurred_date then 'goodwill:' else 'goodwill_change:' end, posted.payment_id,
            case
                when posted.goodwill_date = posted.occurred_date then ''
                else concat(':', cast(posted.goodwill_date as {{ dbt.type_string() }}))
            end
        ) as entry_id,
        case when posted.goodwill_date = posted.occurred_date then 'goodwill' else 'goodwill_change' end as entry_kind,
        posted.order_id,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_string() }}) as return_id,
        posted.payment_id,
        posted.currency,
        cast(0 as {{ money_type() }}) as returns_amount,
        cast(0 as {{ money_type() }}) as tax_amount,
        cast(posted.goodwill_amount as {{ money_type() }}) as goodwill_amount,
        cast(null as date) as recognised_date,
        cast(posted.goodwill_date as date) as business_date,
        {{ this_batch() }} as _batch_id
    from posted
    where posted.goodwill_amount <> 0
)

select * from final
