{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='action_id') }}

with {{ feed_versions(
    'actions',
    key=['action_id'],
    touched_by='action_id'
) }},

final as (
    select
        versions.action_id,
        versions.order_id,
        versions.subject_kind,
        versions.subject_id,
        {{ our_word('versions.kind', 'kind_words') }} as kind,
        versions.kind as kind_word,
        versions.actor,
        versions.role,
        versions.line_id,
        versions.warehouse_id,
        versions.payload_token,
        versions.reason_token,
        versions.assignee,
        versions.seen_version,
        versions.quantity,
        coalesce(versions.promise_is_date_only, false) as promise_is_date_only,
        coalesce(versions.tells_customer, true) as tells_customer,
        versions.snoozed_until,
        versions.occurred_at,
        {{ promised_instant('versions.promised_at', 'versions.promise_is_date_only') }} as promised_at,
        versions.content_hash,
        versions.is_current,
        versions.has_conflict,
        versions._file_id,
        versions._record,
        versions._received_at,
        versions._batch_id,
        versions._source
    from versions
    left join {{ ref('stg_vocabulary') }} as kind_words
        on {{ word_of('kind_words', 'actions', 'kind') }}
)

select * from final
