{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='price_list_id') }}

with {{ feed_versions(
    'price_lists',
    key=['price_list_id', 'sku', 'currency', 'valid_from'],
    touched_by='price_list_id',
    clock='updated_at'
) }},

final as (
    select
        versions.price_list_id,
        versions.sku,
        versions.currency,
        versions.customer_id,
        case when versions.customer_id is null then {{ our_label('versions.customer_group', 'group_words') }} end
            as customer_group,
        lower(versions.delivery_weekdays) as delivery_weekdays,
        {{ clock_text('versions.delivery_from') }} as delivery_from,
        {{ clock_text('versions.delivery_until') }} as delivery_until,
        coalesce(versions.min_quantity, cast(0 as {{ dbt.type_bigint() }})) as min_quantity,
        versions.unit_price,
        coalesce(versions.price_includes_tax, false) as price_includes_tax,
        coalesce(versions.delivery_weekdays, versions.delivery_from, versions.delivery_until) is not null
        and coalesce(versions.customer_id, versions.customer_group) is not null as has_window,
        versions.valid_from,
        coalesce(versions.valid_until, cast('9999-12-31' as date)) as valid_until,
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
    left join {{ ref('stg_vocabulary') }} as group_words
        on {{ word_of('group_words', 'price_lists', 'customer_group') }}
)

select * from final
