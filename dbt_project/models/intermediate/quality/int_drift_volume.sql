with files_received as (
    select * from {{ ref('int_files_received') }}
),

-- Each file, joined with the files before it.
earlier as (
    select
        files_received.source,
        files_received.feed,
        files_received.file_number,
        files_received.rows_in,
        before.rows_in as earlier_rows
    from files_received
    inner join files_received as before
        on
            files_received.source = before.source
            and files_received.feed = before.feed
            and before.file_number between files_received.file_number - {{ var('drift_window_files') }}
            and files_received.file_number - 1
    where files_received.file_number > {{ var('volume_files') }}
),

medians as (
    select
        earlier.source,
        earlier.feed,
        earlier.file_number,
        percentile_cont(0.5) within group (order by earlier.earlier_rows) as median_rows
    from earlier
    group by earlier.source, earlier.feed, earlier.file_number
),

deviations as (
    select
        earlier.source,
        earlier.feed,
        earlier.file_number,
        earlier.rows_in,
        medians.median_rows,
        percentile_cont(0.5) within group (order by abs(earlier.earlier_rows - medians.median_rows)) as mad_rows
    from earlier
    inner join medians
        on
            earlier.source = medians.source
            and earlier.feed = medians.feed
            and earlier.file_number = medians.file_number
    group by earlier.source, earlier.feed, earlier.file_number, earlier.rows_in, medians.median_rows
),

-- For values that vary by chance, 1.4826 median absolute deviations equal one standard deviation. The band is at least a
-- tenth of the median and at least one row.
banded as (
    select
        deviations.*,
        {{ var('volume_band') }} * greatest(1.4826 * deviations.mad_rows, 0.1 * deviations.median_rows, 1) as band_rows
    from deviations
),

final as (
    select
        banded.source,
        banded.feed,
        files_received.file_id,
        'volume' as kind,
        cast(null as {{ dbt.type_string() }}) as column_name,
        'warn' as severity,
        concat(
            cast(cast(ceil(greatest(banded.median_rows - banded.band_rows, 0)) as bigint) as {{ dbt.type_string() }}),
            ' to ',
            cast(cast(floor(banded.median_rows + banded.band_rows) as bigint) as {{ dbt.type_string() }}),
            ' rows'
        ) as before_value,
        concat(cast(banded.rows_in as {{ dbt.type_string() }}), ' rows') as after_value
    from banded
    inner join files_received
        on
            banded.source = files_received.source
            and banded.feed = files_received.feed
            and banded.file_number = files_received.file_number
    where abs(banded.rows_in - banded.median_rows) > banded.band_rows
)

select * from final
