{#
  What each event changes on an order. Events that change nothing are left out. The lines of the order count from its
  beginning; `event_rank` is then -1.
#}
{{ config(materialized='ephemeral', step_of='int_order_events') }}
{%- set columns = order_change_columns() %}
{%- set usual_columns = usual_order_change_columns() %}

with line_changes as (
    select * from {{ ref('int_line_changes_run') }}
),

order_versions as (
    select * from {{ ref('int_order_versions_compared') }}
),

decisions as (
    select * from {{ ref('int_order_decisions_made') }}
),

payments as (
    select * from {{ ref('int_order_events_payments') }}
),

ledger as (
    select * from {{ ref('int_payment_ledger') }}
),

parcels as (
    select * from {{ ref('int_parcels_compared') }}
),

scans as (
    select * from {{ ref('int_scans_compared') }}
),

returns as (
    select * from {{ ref('int_return_events_compared') }}
),

revised as (
    select * from {{ ref('int_orders_revised') }}
),

changes as (
    select
        order_versions.order_id, order_versions.placed_at as occurred_at, 0 as event_rank,
        order_versions.order_id as reference, cast(null as {{ dbt.type_string() }}) as line_id,
        {{ changes(columns, {'placed_count': '1'}) }}
    from order_versions
    where order_versions.version_number = 1
    union all
    select
        line_changes.order_id, line_changes.occurred_at, line_changes.event_rank,
        line_changes.reference, line_changes.event_line_id,
        {%- set of_lines = {} %}
        {%- for column in columns[1:10] + ['lines_due_amount', 'returned_due_amount'] %}
        {%- do of_lines.update({column: 'line_changes.' ~ column}) %}
        {%- endfor %}
        {{ changes(columns, of_lines) }}
    from line_changes
    union all
    select
        decisions.order_id, decisions.occurred_at, decisions.event_rank, decisions.reference, null,
        {{ changes(columns, {
            'hold_count': 'decisions.hold_count', 'confirm_count': 'decisions.confirm_count',
            'whole_cancelled_count': 'decisions.whole_cancelled_count'
        }) }}
    from decisions
    where decisions.hold_count <> 0 or decisions.confirm_count <> 0 or decisions.whole_cancelled_count <> 0
    union all
    select
        payments.order_id, payments.occurred_at, payments.event_rank, payments.reference, null,
        {%- set paid = {'failed_count': "case when ledger.kind = 'failed' then 1 else 0 end"} %}
        {%- for kind in ['authorized', 'captured', 'refunded', 'voided'] %}
        {%- do paid.update({
            ('gross_' if kind == 'authorized' else '') ~ kind ~ '_amount':
                "case when ledger.kind = '" ~ kind ~ "' then coalesce(ledger.status_amount_order_currency, 0) else 0 end"
        }) %}
        {%- endfor %}
        {%- do paid.update({
            'disputed_amount': "case when ledger.kind in ('disputed', 'dispute_won', 'dispute_lost')"
                ~ ' then coalesce(-ledger.signed_amount_order_currency, 0) else 0 end'
        }) %}
        {{ changes(columns, paid) }}
    from payments
    inner join ledger
        on
            payments.order_id = ledger.order_id
            and payments.reference = ledger.payment_id
    union all
    select
        parcels.order_id, parcels.shipped_at, 400, parcels.shipment_id, parcels.line_id,
        {{ changes(columns, {'moving_parcels': parcel_count("'none'", 'moving')}) }}
    from parcels
    where parcels.is_departure
    union all
    select
        scans.order_id, scans.occurred_at, scans.event_rank, scans.shipment_id, null,
        {%- set moved = {} %}
        {%- for which in ['moving', 'ended'] %}
        {%- do moved.update({which ~ '_parcels':
            'case when scans.is_on_its_way then ' ~ parcel_count('scans.parcel_status', which) ~ ' else 0 end'
            ~ ' - case when scans.earlier_is_on_its_way then ' ~ parcel_count('scans.earlier_parcel_status', which)
            ~ ' else 0 end'
        }) %}
        {%- endfor %}
        {{ changes(columns, moved) }}
    from scans
    where
        not scans.is_repeated
        and (
            scans.parcel_status <> scans.earlier_parcel_status
            or scans.is_on_its_way <> scans.earlier_is_on_its_way
        )
    union all
    select
        returns.order_id, returns.occurred_at, returns.event_rank, returns.reference, returns.event_line_id,
        {%- set decided = {'returns_count':
            'case when returns.events_count > 0 then 1 else 0 end'
            ~ ' - case when returns.earlier_events_count > 0 then 1 else 0 end'
        } %}
        {%- for word in ['requested', 'approved', 'declined'] %}
        {%- do decided.update({word ~ '_count':
            'case returns.status_number when ' ~ loop.index ~ ' then 1 else 0 end'
            ~ ' - case returns.earlier_status_number when ' ~ loop.index ~ ' then 1 else 0 end'
        }) %}
        {%- endfor %}
        {{ changes(columns, decided) }}
    from returns
),

marked as (
    select
        changes.*,
        revised.order_id is not null as is_revised
    from changes
    left join revised on changes.order_id = revised.order_id
),

final as (
    {% for is_revised in [false, true] -%}
    select
        marked.order_id, marked.occurred_at, marked.event_rank, marked.reference, marked.line_id,
        {{ is_revised }} as is_revised,
        {% for column in columns -%}
        {%- set type = money_type() if column.endswith('_amount') else dbt.type_bigint() -%}
        cast({{ 'sum(marked.' ~ column ~ ')' if is_revised or column in usual_columns else '0' }} as {{ type }}) as {{ column }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from marked
    where {{ 'marked.is_revised' if is_revised else 'not marked.is_revised' }}
    group by
        marked.order_id,
        marked.occurred_at,
        marked.event_rank,
        marked.reference,
        marked.line_id
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
)

select * from final
