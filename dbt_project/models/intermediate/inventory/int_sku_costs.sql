{#
  Cost of a unit of stock: the average of all receipts with a cost, weighted by units, in the currency of the latest
  receipt; else the cost in the product record. Receipts in other currencies are left out.
#}
with stock as (
    select * from {{ ref('stg_stock') }}
    where is_current and kind = 'receipt' and unit_cost is not null and quantity > 0
),

products as (
    select * from {{ ref('stg_products') }}
    where is_current
),

latest_receipts as (
    select
        stock.sku,
        stock.currency
    from stock
    qualify row_number() over (
        partition by stock.sku order by stock.occurred_at desc nulls last, stock.movement_id desc nulls last
    ) = 1
),

received as (
    select
        stock.sku,
        stock.currency,
        sum(stock.quantity) as quantity,
        cast(sum(stock.quantity * stock.unit_cost) as decimal(38, 4)) as cost_amount
    from stock
    inner join latest_receipts
        on
            stock.sku = latest_receipts.sku
            and stock.currency is not distinct from latest_receipts.currency
    group by stock.sku, stock.currency
),

final as (
    select
        coalesce(received.sku, products.sku) as sku,
        coalesce(received.currency, products.currency) as currency,
        case
            when received.sku is null then products.unit_cost
            else {{ round_half_even_quotient('received.cost_amount', 1, 'received.quantity', 4) }}
        end as average_cost_amount
    from received
    full outer join products on received.sku = products.sku
)

select * from final
