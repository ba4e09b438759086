with sources as (
    select * from {{ source('raw', 'sources') }}
),

coverage as (
    select * from {{ source('raw', 'coverage') }}
),

serves as (
    select * from {{ source('raw', 'serves') }}
),

untaken_feeds as (
    select * from {{ source('raw', 'untaken_feeds') }}
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
    where
        coverage.batch_id = (select max(latest.batch_id) from coverage as latest)
        -- A feed whose rows are all in quarantine would make every order late or unpaid.
        and not exists (
            select 1
            from untaken_feeds
            where
                untaken_feeds.source = coverage.source
                and untaken_feeds.feed = coverage.feed
        )
),

current_serves as (
    select
        serves.source,
        serves.served
    from serves
    where serves.batch_id = (select max(latest.batch_id) from serves as latest)
),

-- A source without orders of its own (a payment provider, a carrier) that names no other sources serves the orders of
-- all sources.
serving_all as (
    select current_sources.source
    from current_sources
    where
        not exists (
            select 1
            from current_coverage as own
            where
                own.source = current_sources.source
                and own.feed = 'orders'
        )
        and not exists (
            select 1
            from current_serves as named
            where named.source = current_sources.source
        )
),

served as (
    select
        current_coverage.source as served,
        current_coverage.feed
    from current_coverage
    union
    select
        current_serves.served,
        current_coverage.feed
    from current_coverage
    inner join current_serves on current_coverage.source = current_serves.source
    union
    select
        current_sources.source as served,
        current_coverage.feed
    from current_coverage
    inner join serving_all on current_coverage.source = serving_all.source
    cross join current_sources
),

feeds as (
    select distinct canonical_feeds.feed
    from (
        values
        ('orders'), ('order_lines'), ('payments'), ('payouts'), ('shipments'), ('tracking'), ('returns'), ('stock'), ('inbound'),
        ('products'), ('customers'), ('price_lists'), ('fx_rates'), ('carts'), ('feedback'), ('actions')
    ) as canonical_feeds (feed)
),

final as (
    select
        current_sources.source,
        feeds.feed,
        served.feed is not null as is_tracked
    from current_sources
    cross join feeds
    left join served
        on
            current_sources.source = served.served
            and feeds.feed = served.feed
)

select * from final
