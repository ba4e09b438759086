{# Recognition clocks of a sale. #}
{% macro recognition_clocks() -%}
    {{ return(['placed', 'paid', 'shipped', 'delivered']) }}
{%- endmacro %}

{# True for a replacement or sample at no price. It is no sale: its units and its order do not count. #}
{% macro is_free_of_charge(orders) -%}
    coalesce({{ orders }}.order_type in ('replacement', 'sample') and {{ orders }}.net_amount = 0, false)
{%- endmacro %}

{# Share of a line's tax that belongs to its discount, where its prices include tax. Columns of a line's ordered totals. #}
{% macro discount_tax_amount(line) -%}
    case
        when
            {{ line }}.prices_include_tax
            and {{ line }}.ordered_discount_amount > 0
            and {{ line }}.ordered_gross_amount > {{ line }}.ordered_discount_amount
            then {{ round_half_even_quotient(
                line ~ '.ordered_tax_amount', ten_thousandths(line ~ '.ordered_discount_amount'),
                ten_thousandths('(' ~ line ~ '.ordered_gross_amount - ' ~ line ~ '.ordered_discount_amount)'),
                line ~ '.currency_digits'
            ) }}
        else 0
    end
{%- endmacro %}

{#
  Pre-hook of the revenue tables. It records the days of the rows that this run replaces, in the same transaction. A day
  that loses rows must be recomputed like a day that gains rows. Each day is kept once, with its latest batch.
#}
{% macro remember_replaced_days(columns) -%}
    {{ return(adapter.dispatch('remember_replaced_days', 'orderhouse')(columns)) }}
{%- endmacro %}

{# Spark replaces no rows. #}
{% macro spark__remember_replaced_days(columns) -%}
    select 1
{%- endmacro %}

{% macro duckdb__remember_replaced_days(columns) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set days = replaced_revenue_days() -%}
    {%- do run_query('create table if not exists ' ~ days ~ ' (business_date date not null, _batch_id bigint not null)') -%}
    {%- if load_relation(this) is none or should_full_refresh() -%}{{ return('select 1') }}{%- endif -%}
    {%- set replaced -%}
        {%- for column in columns %}
        select replaced.{{ column }} as business_date
        from {{ this }} as replaced
        where
            replaced.{{ column }} is not null
            and replaced.{{ config.require('unique_key') }}
            in ({{ touched_keys(config.require('unique_key'), config.require('touched')) }})
        {%- if not loop.last %}
        union
        {%- endif %}
        {%- endfor %}
    {%- endset -%}
    delete from {{ days }} where business_date in ({{ replaced }});
    insert into {{ days }} select distinct days.business_date, {{ this_batch() }} from ({{ replaced }}) as days
{%- endmacro %}

{#
  Table that remember_replaced_days writes. It is in the database of the revenue tables, because no transaction spans two
  databases.
#}
{% macro replaced_revenue_days() -%}
    {{ return(adapter.dispatch('replaced_revenue_days', 'orderhouse')()) }}
{%- endmacro %}

{% macro spark__replaced_revenue_days() -%}
    (select cast(null as date) as business_date, cast(null as bigint) as _batch_id)
{%- endmacro %}

{% macro duckdb__replaced_revenue_days() -%}
    {{ return(target.database ~ '.intermediate.revenue_days_replaced') }}
{%- endmacro %}

{#
  Events of revenue under every recognition clock: every sale, shipping, return, refund and fee, on its day. An amount in the
  reporting currency is rounded at the grain of these rows. Parts of a line are one event by the clocks at which a line is
  recognised as a whole. The CTEs revenue_sales, revenue_returns, revenue_cash and clocks are read. `touched` names the log of the
  days that are computed; without it all are.
#}
{% macro revenue_events(clocks, touched=none) -%}
    {%- for clock in clocks -%}
    {%- set day = 'revenue_sales.' ~ clock ~ '_date' -%}
    {%- set is_wanted = is_touched(day, touched, key='business_date') if touched else 'true' -%}
    {%- set is_by_line = clock in ['placed', 'paid'] %}
    select
        {{ day }} as business_date,
        '{{ clock }}' as recognition_clock,
        {{- revenue_event_columns('revenue_sales') }}
    from revenue_sales
    where
        {{ day }} is not null
        and {{ 'revenue_sales.is_whole_line' if is_by_line else 'true' }}
        and {{ is_wanted }}
    union all
    {% if is_by_line -%}
    select
        {{ day }} as business_date,
        '{{ clock }}' as recognition_clock,
        {{- revenue_event_columns('revenue_sales', is_summed=true) }}
    from revenue_sales
    where
        {{ day }} is not null
        and not revenue_sales.is_whole_line
        and {{ is_wanted }}
    group by
        {{ day }},
        revenue_sales.order_id,
        revenue_sales.line_id
    union all
    {% endif -%}
    {%- endfor -%}
    select
        revenue_returns.business_date,
        revenue_returns.recognition_clock,
        {{- revenue_event_columns('revenue_returns') }}
    from revenue_returns
    union all
    select
        revenue_cash.business_date,
        clocks.recognition_clock,
        {{- revenue_event_columns('revenue_cash') }}
    from revenue_cash
    cross join clocks
{%- endmacro %}

{#
  Columns of an event in one of the revenue tables. Columns that the table does not have are zero or null. Refunds and fees keep
  the amounts in the currency of their payment, because that is converted.
#}
{% macro revenue_event_columns(table, is_summed=false) -%}
    {%- set own = {
        'revenue_sales': [
            'order_id', 'line_id', 'shipment_id', 'event_kind', 'sku', 'channel', 'country', 'currency', 'orders_count',
            'units_quantity', 'gross_sales_amount', 'discounts_amount', 'tax_amount', 'shipping_amount'
        ],
        'revenue_returns': [
            'order_id', 'line_id', 'return_id', 'payment_id', 'event_kind', 'sku', 'channel', 'country', 'currency',
            'returned_quantity', 'returns_amount', 'tax_amount'
        ],
        'revenue_cash': [
            'order_id', 'payment_id', 'event_kind', 'sku', 'channel', 'country', 'currency', 'refunds_amount', 'fees_amount',
            'paid_refunds_amount', 'paid_fees_amount'
        ]
    }[table] -%}
    {%- set special = {
        'revenue_sales': {
            'category_word': "case when revenue_sales.event_kind = 'shipping' then 'shipping' end",
            'rate_currency': 'revenue_sales.currency', 'cost_date': 'revenue_sales.placed_date',
            'cost_quantity': 'revenue_sales.goods_quantity'
        },
        'revenue_returns': {
            'rate_currency': 'revenue_returns.currency', 'cost_date': 'revenue_returns.cost_date',
            'cost_quantity': '-revenue_returns.restocked_quantity'
        },
        'revenue_cash': {
            'category_word': 'revenue_cash.category_word', 'rate_currency': 'revenue_cash.paid_currency',
            'cost_date': 'revenue_cash.business_date'
        }
    }[table] -%}
    {%- for column in [
        'order_id', 'line_id', 'shipment_id', 'return_id', 'payment_id', 'event_kind', 'sku', 'channel', 'country', 'currency',
        'category_word', 'rate_currency', 'cost_date', 'cost_quantity', 'orders_count', 'units_quantity', 'returned_quantity',
        'gross_sales_amount', 'discounts_amount', 'returns_amount', 'tax_amount', 'shipping_amount', 'refunds_amount',
        'fees_amount', 'paid_refunds_amount', 'paid_fees_amount'
    ] -%}
        {%- set type = money_type() if column.endswith('_amount')
            else dbt.type_bigint() if column.endswith('_quantity') or column.endswith('_count')
            else dbt.type_string() -%}
        {%- set is_number = type != dbt.type_string() -%}
        {%- set value = special[column] or (table ~ '.' ~ column if column in own else ('0' if is_number else 'null')) -%}
        {%- if is_summed and column in ['order_id', 'line_id'] -%}
        {%- elif is_summed and column == 'shipment_id' -%}{%- set value = 'null' -%}
        {%- elif is_summed and value not in ['0', 'null'] -%}
        {%- set value = ('sum(' if is_number else 'min(') ~ value ~ ')' -%}
        {%- endif %}
        {{ value if column == 'cost_date' else 'cast(' ~ value ~ ' as ' ~ type ~ ')' }} as {{ column }}
        {{- ',' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#
  Events with their category, cost and amounts in the reporting currency. The CTEs events, products, rates and currencies are read.
  A cost is rounded once, in the currency in which it is stated.
#}
{% macro revenue_events_valued() -%}
    select
        costed.*,
        {% for column in [
            'gross_sales_amount', 'discounts_amount', 'returns_amount', 'tax_amount', 'shipping_amount'
        ] -%}
        {{ reporting_amount('costed.' ~ column, 'rates.rate') }} as {{ column }}_reporting,
        {% endfor -%}
        {{ reporting_amount('costed.paid_refunds_amount', 'rates.rate') }} as refunds_amount_reporting,
        {{ reporting_amount('costed.paid_fees_amount', 'rates.rate') }} as fees_amount_reporting,
        case
            when costed.is_cost_missing or costed.cost_amount is null then 0
            when costed.cost_currency = costed.currency then costed.cost_amount
            else {{ converted_amount(
                'costed.cost_amount', 'cost_rates', 'rates', minor_unit('currencies.minor_digits')
            ) }}
        end as cost_of_goods_amount,
        case
            when costed.is_cost_missing or costed.cost_amount is null then 0
            else {{ reporting_amount('costed.cost_amount', 'cost_rates.rate') }}
        end as cost_of_goods_amount_reporting,
        rates.rate is null as is_rate_missing
    from (
        select
            events.*,
            coalesce(events.category_word, products.category, 'unknown') as category,
            products.cost_currency,
            case when events.cost_quantity <> 0 then {{ round_half_even_to(
                'cast(events.cost_quantity * products.unit_cost_amount as ' ~ money_type() ~ ')', 'products.cost_digits'
            ) }} end as cost_amount,
            events.cost_quantity <> 0
            and products.unit_cost_amount is null
            and coalesce(products.kind, 'goods') <> 'service' as is_cost_missing
        from events
        left join products
            on
                events.sku = products.sku
                and events.cost_date >= products.from_date
                and events.cost_date < products.until_date
    ) as costed
    left join rates
        on
            costed.business_date = rates.rate_date
            and costed.rate_currency = rates.currency
    left join rates as cost_rates
        on
            costed.business_date = cost_rates.rate_date
            and costed.cost_currency = cost_rates.currency
    left join currencies on costed.currency = currencies.currency
{%- endmacro %}
