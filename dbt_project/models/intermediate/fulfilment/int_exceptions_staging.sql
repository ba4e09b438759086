{# Exceptions that staging rows raise: two contents of one key, words that are in no vocabulary, scans without a shipment. #}
with conflicts as (
    select * from {{ ref('int_conflicts_flagged') }}
),

unmapped_words as (
    select * from {{ ref('int_words_unmapped') }}
),

orphan_scans as (
    select * from {{ ref('int_orphan_scans') }}
),

orders as (
    select * from {{ ref('stg_orders') }}
),

flagged as (
    select * from conflicts
    union all
    select * from unmapped_words
    union all
    select
        case when orphan_scans.order_id is null then 'parcel' else 'order' end as subject_type,
        coalesce(orphan_scans.order_id, orphan_scans.scan_key) as subject_id,
        orphan_scans.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        case when orphan_scans.order_id is null then 'orphan_scan' else 'unmapped_word' end as code,
        'tracking' as feed,
        case
            when orphan_scans.order_id is null
                then concat({{ counted('orphan_scans.scans_count', 'scan') }}, ' of ', orphan_scans.scan_key)
            else concat(
                'carrier ', orphan_scans.carrier_word, ' for number ', orphan_scans.tracking_number, ', which was sent with ',
                orphan_scans.shipment_carrier
            )
        end as what,
        orphan_scans.opened_at,
        orphan_scans._source
    from orphan_scans
),

raised as (
    select
        flagged.subject_type,
        flagged.subject_id,
        flagged.code,
        min(flagged.order_id) as order_id,
        min(flagged.sku) as sku,
        min(concat(flagged.feed, ', ', flagged.what)) as what,
        count(distinct concat(flagged.feed, ', ', flagged.what)) as things_count,
        min(flagged.opened_at) as opened_at,
        min(flagged._source) as _source
    from flagged
    where not exists (
        select 1 from orders
        where
            orders.order_id = flagged.order_id
            and orders.is_test
            and orders.is_current
    )
    group by
        flagged.subject_type,
        flagged.subject_id,
        flagged.code
),

final as (
    select
        raised.subject_type,
        raised.subject_id,
        raised.order_id,
        raised.sku,
        raised.code,
        cast(null as {{ dbt.type_string() }}) as currency,
        concat(
            'Feed ', raised.what,
            case
                when raised.code in ('conflicting_versions', 'conflicting_events')
                    then ': two contents under one key; one was chosen by its hash'
                when raised.code = 'orphan_scan' then ': no shipment names it'
                else ''
            end,
            {{ and_more('raised.things_count') }}
        ) as detail,
        cast(null as {{ money_type() }}) as amount_at_stake,
        raised.opened_at,
        raised._source,
        {{ this_batch() }} as _batch_id
    from raised
    where raised.subject_id is not null
)

select * from final
