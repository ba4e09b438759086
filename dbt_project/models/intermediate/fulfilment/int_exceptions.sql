{# Every exception that is open now or opens at `opened_at`. marts.fct_exceptions applies the clock. #}
with fulfilment as (
    select * from {{ ref('int_exceptions_fulfilment') }}
),

terms as (
    select * from {{ ref('int_exceptions_terms') }}
),

staging as (
    select * from {{ ref('int_exceptions_staging') }}
),

money as (
    select * from {{ ref('int_exceptions_money') }}
),

payouts as (
    select * from {{ ref('int_exceptions_payouts') }}
),

inventory as (
    select * from {{ ref('int_exceptions_inventory') }}
),

write_back as (
    select * from {{ ref('int_exceptions_write_back') }}
),

duplicate_orders as (
    select * from {{ ref('int_duplicate_orders') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

raised as (
    {% for family in ['fulfilment', 'terms', 'staging', 'money', 'payouts', 'inventory', 'write_back'] -%}
    select
        {{ family }}.subject_type,
        {{ family }}.subject_id,
        {{ family }}.order_id,
        {{ family }}.sku,
        {{ family }}.code,
        {{ family }}.currency,
        {{ family }}.detail,
        {{ family }}.amount_at_stake,
        {{ family }}.opened_at,
        {{ family }}._source
    from {{ family }}
    union all
    {% endfor -%}
    select
        'order' as subject_type,
        duplicate_orders.order_id as subject_id,
        duplicate_orders.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        'duplicate_order_suspect' as code,
        duplicate_orders.currency,
        concat(
            'Same lines and amount as order ', duplicate_orders.earlier_order_id, ' of the same customer, minutes before'
        ) as detail,
        duplicate_orders.ordered_due_amount as amount_at_stake,
        duplicate_orders.placed_at as opened_at,
        duplicate_orders._source
    from duplicate_orders
),

final as (
    select
        md5(concat_ws('|', raised.subject_type, raised.subject_id, raised.code)) as exception_id,
        raised.subject_type,
        raised.subject_id,
        raised.order_id,
        raised.sku,
        raised.code,
        raised.currency,
        raised.detail,
        raised._source as source,
        {{ rounded_amount('cast(raised.amount_at_stake as ' ~ money_type() ~ ')', minor_unit('currencies.minor_digits')) }}
            as amount_at_stake,
        raised.opened_at
    from raised
    left join currencies on raised.currency = currencies.currency
    qualify row_number() over (
        partition by raised.subject_type, raised.subject_id, raised.code
        order by raised.opened_at nulls last, raised.detail nulls last
    ) = 1
)

select * from final
