{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='customer_id') }}

with {{ feed_versions(
    'customers',
    key=['customer_id'],
    touched_by='customer_id',
    clock='updated_at'
) }},

final as (
    select
        versions.customer_id,
        versions.email_token,
        versions.name_token,
        versions.phone_token,
        versions.country,
        versions.region,
        versions.city,
        versions.gender,
        versions.language,
        {{ our_label('versions.customer_group', 'group_words') }} as customer_group,
        versions.birth_year,
        versions.marketing_consent,
        versions.created_at,
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
        on {{ word_of('group_words', 'customers', 'customer_group') }}
)

select * from final
