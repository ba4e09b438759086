{#
  Exceptions about lines that are promised for a time at which the customer takes no deliveries. The windows are those of the
  customer's price lists that are in force on the promised day, else those of the customer's group. A promise is kept to if it lies
  in one of them; a promise of a day has no time.
#}
{{ config(materialized='ephemeral', step_of='int_exceptions_terms') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_touched('order_id', touched) }}
),

-- Lines with a deadline are those whose delivery is tracked and that have a promise.
order_lines as (
    select * from {{ ref('int_order_lines') }}
    where
        late_at is not null
        and not has_arrived
        and {{ is_touched('order_id', touched) }}
),

price_lists as (
    select * from {{ ref('stg_price_lists') }}
    where
        is_current
        and has_window
),

customers as (
    select * from {{ ref('stg_customers') }}
    where is_current
),

windows as (
    select
        price_lists.customer_id,
        price_lists.customer_group,
        price_lists.delivery_weekdays,
        price_lists.delivery_from,
        price_lists.delivery_until,
        price_lists.valid_from,
        price_lists.valid_until,
        min(price_lists.price_list_id) as price_list_id
    from price_lists
    group by
        price_lists.customer_id,
        price_lists.customer_group,
        price_lists.delivery_weekdays,
        price_lists.delivery_from,
        price_lists.delivery_until,
        price_lists.valid_from,
        price_lists.valid_until
),

promised as (
    select
        order_lines.order_id,
        order_lines.line_id,
        order_lines.sku,
        order_lines.currency,
        order_lines.net_amount,
        order_lines.current_promised_at,
        order_lines.promise_is_date_only,
        order_lines.placed_at,
        order_lines._source,
        orders.customer_id,
        customers.customer_group,
        {{ business_date('order_lines.current_promised_at') }} as promised_date,
        case
            when not order_lines.promise_is_date_only then substr(
                cast(date_trunc('second', {{ business_time('order_lines.current_promised_at') }}) as {{ dbt.type_string() }}), 12, 8
            )
        end as promised_time
    from order_lines
    inner join orders on order_lines.order_id = orders.order_id
    left join customers on orders.customer_id = customers.customer_id
),

matched as (
    {% for column in ['customer_id', 'customer_group'] -%}
    select
        promised.*,
        windows.price_list_id,
        windows.delivery_weekdays,
        windows.delivery_from,
        windows.delivery_until,
        {{ loop.index }} as distance
    from promised
    inner join windows
        on
            promised.{{ column }} = windows.{{ column }}
            and promised.promised_date >= windows.valid_from
            and promised.promised_date <= windows.valid_until
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

judged as (
    select
        matched.*,
        {{ names_weekday('matched.delivery_weekdays', 'matched.promised_date') }}
        and coalesce(matched.promised_time >= matched.delivery_from, true)
        and coalesce(matched.promised_time <= matched.delivery_until, true) as is_inside,
        matched.distance = min(matched.distance) over (partition by matched.order_id, matched.line_id) as is_nearest
    from matched
),

-- The first of the windows is named.
outside as (
    select
        judged.*,
        max(case when judged.is_inside then 1 else 0 end) over (partition by judged.order_id, judged.line_id) as inside_flag,
        count(*) over (partition by judged.order_id, judged.line_id) as windows_count
    from judged
    where judged.is_nearest
    qualify row_number() over (
        partition by judged.order_id, judged.line_id
        order by
            judged.price_list_id,
            judged.delivery_weekdays nulls last,
            judged.delivery_from nulls last,
            judged.delivery_until nulls last
    ) = 1
),

final as (
    select
        'promise_outside_window' as code,
        outside.order_id,
        outside.line_id,
        outside.sku,
        outside.placed_at as opened_at,
        outside.net_amount as amount_at_stake,
        outside.currency,
        concat(
            'Line ', outside.line_id, ' is promised for ', {{ weekday_word('outside.promised_date') }}, ' ',
            {{ written_promise('outside.current_promised_at', 'outside.promise_is_date_only') }},
            '; price list ', outside.price_list_id, ' agrees on deliveries',
            case when outside.delivery_weekdays is not null then concat(' on ', outside.delivery_weekdays) else '' end,
            case when outside.delivery_from is not null then concat(' from ', substr(outside.delivery_from, 1, 5)) else '' end,
            case when outside.delivery_until is not null then concat(' until ', substr(outside.delivery_until, 1, 5)) else '' end,
            {{ and_more('outside.windows_count') }}
        ) as detail,
        outside._source
    from outside
    where outside.inside_flag = 0
)

select * from final
