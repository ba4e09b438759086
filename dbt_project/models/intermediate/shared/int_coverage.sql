with sources as (
    select * from {{ source('raw', 'sources') }}
),

coverage as (
    select * from {{ source('raw', 'coverage') }}
),

current_sources as (
    select sources.source
    from sources
    where sources.batch_id = (select max(latest.batch_id) from sources as latest)
),

current_coverage as (
    select
        coverage.source,
        coverage.feed
    from coverage
    where coverage.batch_id = (select max(latest.batch_id) from coverage as latest)
),

-- A feed from a source without orders of its own (a payment provider, a carrier) serves the orders of every source.
serving_everyone as (
    select distinct current_coverage.feed
    from current_coverage
    where not exists (
        select 1
        from current_coverage as own
        where
            own.source = current_coverage.source
            and own.feed = 'orders'
    )
),

feeds as (
    select distinct canonical_feeds.feed
    from (
        values
        ('orders'), ('order_lines'), ('payments'), ('shipments'), ('tracking'), ('returns'), ('stock'), ('inbound'),
        ('products'), ('customers'), ('fx_rates'), ('carts'), ('feedback'), ('actions')
    ) as canonical_feeds (feed)
),

final as (
    select
        current_sources.source,
        feeds.feed,
        current_coverage.feed is not null or serving_everyone.feed is not null as is_tracked
    from current_sources
    cross join feeds
    left join current_coverage
        on
            current_sources.source = current_coverage.source
            and feeds.feed = current_coverage.feed
    left join serving_everyone on feeds.feed = serving_everyone.feed
)

select * from final
