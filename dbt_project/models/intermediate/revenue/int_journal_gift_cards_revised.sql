{#
  Gift cards sold, day by day: the value of the units that are not cancelled, by the version in force on the day on which they were
  placed, and what each later version or cancellation changed, on its own day. Units that were lost and refunded are cancelled from the
  last refund on.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_revisions') }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_shipment_lines') }}
-- depends_on: {{ ref('int_actions_judged') }}

with lines as (
    select
        order_lines.order_id,
        order_lines.line_id,
        order_lines.placed_date,
        order_lines.ordered_quantity,
        order_lines.shipped_quantity,
        order_lines.requested_cancelled_quantity,
        order_lines.cancelled_quantity,
        orders.is_whole_order_cancelled
    from {{ ref('int_order_lines') }} as order_lines
    inner join {{ ref('int_orders') }} as orders on order_lines.order_id = orders.order_id
    where
        order_lines.is_gift_card
        and {{ is_touched('order_lines.order_id', touched) }}
),

refunds as (
    select
        ledger.order_id,
        max(ledger.occurred_date) as refunded_date
    from {{ ref('int_payment_ledger') }} as ledger
    where
        ledger.kind = 'refunded'
        and ledger.return_id is null
        and {{ is_touched('ledger.order_id', touched) }}
    group by ledger.order_id
),

versions as (
    select versions.*
    from {{ ref('int_journal_versions') }} as versions
    inner join lines
        on
            versions.order_id = lines.order_id
            and versions.line_id = lines.line_id
),

changes as (
    select
        versions.order_id,
        versions.from_date as business_date
    from versions
    union
    select
        refunds.order_id,
        refunds.refunded_date as business_date
    from refunds
    union
    select
        actions.order_id,
        {{ business_date('actions.occurred_at') }} as business_date
    from {{ ref('int_actions_judged') }} as actions
    where {{ is_touched('actions.order_id', touched) }}
    {%- for date in [business_date('parcels.shipped_at'), parcel_end_date('parcels')] %}
    union
    select
        parcels.order_id,
        {{ date }} as business_date
    from {{ ref('int_shipment_lines') }} as parcels
    where {{ is_touched('parcels.order_id', touched) }}
    {%- endfor %}
),

days as (
    select
        lines.order_id,
        lines.placed_date as business_date
    from lines
    union
    select
        changes.order_id,
        changes.business_date
    from changes
    inner join lines on changes.order_id = lines.order_id
    where changes.business_date >= lines.placed_date
),

{{ units_known('days', 'versions', touched) }}

counted as (
    select
        called_off.*,
        lines.placed_date,
        called_off.ordered_quantity - called_off.called_off_quantity
        - case
            when called_off.business_date >= refunds.refunded_date
                then lines.cancelled_quantity - {{ called_off_quantity('lines') }}
            else 0
        end as card_quantity
    from called_off
    inner join lines
        on
            called_off.order_id = lines.order_id
            and called_off.line_id = lines.line_id
    left join refunds on called_off.order_id = refunds.order_id
),

valued as (
    select
        counted.*,
        {{ split_amount(
            'counted.ordered_gross_amount', 'counted.card_quantity', 'counted.ordered_quantity', 'counted.currency_digits'
        ) }} - {{ split_amount(
            'counted.ordered_discount_amount', 'counted.card_quantity', 'counted.ordered_quantity', 'counted.currency_digits'
        ) }} as card_amount,
        case when counted.prices_include_tax or counted.card_quantity = 0 then 0 else {{ split_amount(
            'counted.ordered_tax_amount', 'counted.card_quantity', 'counted.ordered_quantity', 'counted.currency_digits'
        ) }} end as card_tax_amount,
        lead(counted.business_date) over (
            partition by counted.order_id, counted.line_id
            order by counted.business_date
        ) as next_date
    from counted
),

signed as (
    {% for date, direction in [('business_date', 1), ('next_date', -1)] -%}
    select
        valued.*,
        {{ direction }} as direction,
        valued.{{ date }} as posted_date
    from valued
    where
        valued.{{ date }} is not null
        and valued.card_quantity > 0
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        concat(signed.order_id, ':', signed.line_id) as entry_key,
        case when signed.posted_date = signed.placed_date then 'gift_card' else 'gift_card_change' end as entry_kind,
        signed.order_id,
        signed.line_id,
        signed.currency,
        max(signed.direction) as direction,
        sum(signed.direction * signed.card_amount) as gift_cards_amount,
        sum(signed.direction * signed.card_tax_amount) as tax_amount,
        signed.placed_date,
        signed.placed_date as recognised_date,
        signed.posted_date as business_date
    from signed
    group by all
)

select * from final
