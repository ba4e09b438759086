{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='po_id') }}

with {{ feed_versions(
    'inbound',
    key=['po_id', 'sku', 'warehouse_id'],
    touched_by='po_id',
    clock='updated_at'
) }},

final as (
    select
        versions.po_id,
        versions.sku,
        versions.warehouse_id,
        versions.supplier,
        versions.currency,
        versions.quantity,
        versions.unit_cost,
        versions.expected_at,
        versions.updated_at,
        versions.content_hash,
        versions.is_current,
        versions.has_conflict,
        versions._file_id,
        versions._record,
        versions._received_at,
        versions._batch_id,
        versions._source
    from versions
)

select * from final
