with ledger as (
    select
        ledger.*,
        lag(ledger.closing_quantity, 1, 0) over (
            partition by ledger.sku, ledger.warehouse_id order by ledger.business_date
        ) as closing_quantity_before,
        count(*) over (partition by ledger.sku, ledger.warehouse_id, ledger.business_date) as rows_count
    from {{ ref('fct_inventory_ledger') }} as ledger
)

select * from ledger
where opening_quantity <> closing_quantity_before or rows_count > 1
