{#
  Order lines with an agreed price, and what it makes of them. A price counts for the SKU, the order's currency, the business day
  of placed_at and the ordered quantity. The customer's own prices come first, then those of the customer's group, then those for
  everybody; of several the one from the greatest quantity, then the latest, then the first id.

  A price is compared in the order's way of pricing. It is converted by the line's own share of tax; where the line has none, it is
  compared as it is.
#}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_touched('order_id', touched) }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where {{ is_touched('order_id', touched) }}
),

price_lists as (
    select * from {{ ref('stg_price_lists') }}
    where is_current
),

customers as (
    select * from {{ ref('stg_customers') }}
    where is_current
),

-- Kept units that were sold. A net amount is without tax, a gross amount with tax.
lines as (
    select
        order_lines.*,
        orders.customer_id,
        customers.customer_group,
        order_lines.ordered_net_amount - case when order_lines.prices_include_tax then order_lines.ordered_tax_amount else 0 end
            as untaxed_amount,
        order_lines.ordered_net_amount + case when order_lines.prices_include_tax then 0 else order_lines.ordered_tax_amount end
            as taxed_amount
    from order_lines
    inner join orders on order_lines.order_id = orders.order_id
    left join customers on orders.customer_id = customers.customer_id
    where
        order_lines.kept_quantity > 0
        and not order_lines.is_gift_card
        and coalesce(orders.order_type, 'sale') not in ('exchange', 'replacement', 'sample')
        and order_lines.sku in (select price_lists.sku from price_lists)
),

chosen as (
    select
        lines.*,
        price_lists.price_list_id,
        price_lists.unit_price as stated_price_amount,
        price_lists.price_includes_tax,
        price_lists.valid_from,
        lines.ordered_tax_amount > 0 and lines.untaxed_amount > 0 as has_tax_share
    from lines
    inner join price_lists
        on
            lines.sku = price_lists.sku
            and lines.currency = price_lists.currency
            and lines.placed_date >= price_lists.valid_from
            and lines.placed_date <= price_lists.valid_until
            and lines.ordered_quantity >= price_lists.min_quantity
    where
        price_lists.customer_id = lines.customer_id
        or (price_lists.customer_id is null and price_lists.customer_group = lines.customer_group)
        or (price_lists.customer_id is null and price_lists.customer_group is null)
    qualify row_number() over (
        partition by lines.order_id, lines.line_id
        order by
            case when price_lists.customer_id is not null then 1 when price_lists.customer_group is not null then 2 else 3 end,
            price_lists.min_quantity desc,
            price_lists.valid_from desc,
            price_lists.price_list_id
    ) = 1
),

-- A list and a line of an order bound each other by no rule, so that their product may have more digits than an amount.
within_reach as (
    select
        chosen.*,
        cast(chosen.stated_price_amount * chosen.ordered_quantity as {{ money_type() }}) as stated_amount,
        {% for part, other, taxed in [('times', 'untaxed', 'taxed'), ('by', 'taxed', 'untaxed')] -%}
        case
            when not chosen.has_tax_share or chosen.price_includes_tax = chosen.prices_include_tax then 1
            when chosen.price_includes_tax then chosen.{{ other }}_amount
            else chosen.{{ taxed }}_amount
        end as own_way_{{ part }},
        case when chosen.has_tax_share and chosen.price_includes_tax then chosen.{{ other }}_amount else 1 end
            as untaxed_{{ part }}{{ ',' if not loop.last }}
        {% endfor %}
    from chosen
    where
        cast(chosen.stated_price_amount as double) * cast(chosen.ordered_quantity as double)
        * case when chosen.has_tax_share then cast(chosen.taxed_amount as double) / cast(chosen.untaxed_amount as double) else 1 end
        < 100000000000
),

-- Rounded once for the whole line, as its totals are.
valued as (
    select
        within_reach.*,
        {% for way in ['own_way', 'untaxed'] -%}
        {{ round_half_even_quotient(
            'within_reach.stated_amount', ten_thousandths('within_reach.' ~ way ~ '_times'),
            ten_thousandths('within_reach.' ~ way ~ '_by'), 'within_reach.currency_digits'
        ) }} as ordered_{{ way }}_amount,
        {% endfor -%}
        {{ round_half_even_quotient(
            'within_reach.stated_price_amount', ten_thousandths('within_reach.own_way_times'),
            ten_thousandths('within_reach.own_way_by'), '4'
        ) }} as contract_unit_price_amount
    from within_reach
),

split as (
    select
        valued.*,
        {{ split_amount('valued.ordered_own_way_amount', 'valued.kept_quantity', 'valued.ordered_quantity', 'valued.currency_digits') }}
            as contract_amount,
        {{ split_amount('valued.ordered_untaxed_amount', 'valued.kept_quantity', 'valued.ordered_quantity', 'valued.currency_digits') }}
            as contract_sales_amount,
        {{ round_half_even_quotient('valued.net_amount', '1', 'valued.kept_quantity', '4') }} as charged_unit_price_amount
    from valued
),

-- A price with a fraction of the minor unit may have been rounded for one unit: that is up to half a minor unit for each.
compared as (
    select
        split.*,
        {{ minor_unit_amount('split.currency_digits') }} * {{ var('price_tolerance_minor_units') }}
        + case
            when {{ is_broken_amount('split.contract_unit_price_amount', 'split.currency_digits') }}
                then {{ minor_unit_amount('split.currency_digits') }} * split.kept_quantity * cast(0.5 as decimal(2, 1))
            else 0
        end as tolerance_amount
    from split
),

final as (
    select
        compared.order_id,
        compared.line_id,
        compared.price_list_id,
        compared.sku,
        compared.customer_id,
        compared.currency,
        compared.currency_digits,
        cast(compared.kept_quantity as {{ dbt.type_bigint() }}) as kept_quantity,
        {% for column in [
            'charged_unit_price_amount', 'contract_unit_price_amount', 'contract_amount', 'contract_sales_amount', 'tolerance_amount'
        ] -%}
        cast(compared.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(compared.net_amount as {{ money_type() }}) as charged_amount,
        cast(compared.net_amount - compared.contract_amount as {{ money_type() }}) as difference_amount,
        abs(compared.net_amount - compared.contract_amount) > compared.tolerance_amount as is_off_contract,
        compared.price_includes_tax <> compared.prices_include_tax and not compared.has_tax_share as is_without_tax_share,
        compared.valid_from,
        compared.placed_date,
        compared.placed_at,
        compared._source,
        {{ this_batch() }} as _batch_id
    from compared
)

select * from final
