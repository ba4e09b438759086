{#- Ids of the feeds that their source declares to be numbered. The columns are those of NUMBERED_COLUMNS of the sources. -#}
{{ config(materialized='view') }}
{%- set columns = {
    'orders': 'order_id',
    'payments': 'payment_id',
    'shipments': 'shipment_id',
    'returns': 'return_id',
    'stock': 'movement_id',
    'inbound': 'po_id',
    'customers': 'customer_id',
    'price_lists': 'price_list_id',
    'carts': 'cart_id',
    'feedback': 'feedback_id',
    'actions': 'action_id',
} %}

with numbered as (
    select * from {{ source('raw', 'numbered') }}
),

orders as (
    select * from {{ source('raw', 'orders') }}
),

payments as (
    select * from {{ source('raw', 'payments') }}
),

shipments as (
    select * from {{ source('raw', 'shipments') }}
),

returns as (
    select * from {{ source('raw', 'returns') }}
),

stock as (
    select * from {{ source('raw', 'stock') }}
),

inbound as (
    select * from {{ source('raw', 'inbound') }}
),

customers as (
    select * from {{ source('raw', 'customers') }}
),

price_lists as (
    select * from {{ source('raw', 'price_lists') }}
),

carts as (
    select * from {{ source('raw', 'carts') }}
),

feedback as (
    select * from {{ source('raw', 'feedback') }}
),

actions as (
    select * from {{ source('raw', 'actions') }}
),

quarantine as (
    select * from {{ source('raw', 'quarantine') }}
),

declared as (
    select distinct
        numbered.source,
        numbered.feed
    from numbered
    where
        numbered.batch_id = (select max(latest.batch_id) from numbered as latest)
        and numbered.source is not null
),

received as (
    {%- for feed, column in columns.items() %}
    select
        {{ feed }}._source as source,
        '{{ feed }}' as feed,
        '{{ column }}' as column_name,
        {{ feed }}.{{ column }} as id,
        true as is_accepted,
        {{ feed }}._received_at as received_at
    from {{ feed }}
    union all
    select
        quarantine.source,
        '{{ feed }}' as feed,
        '{{ column }}' as column_name,
        {{ json_text('quarantine.row_json', column) }} as id,
        false as is_accepted,
        quarantine.received_at
    from quarantine
    where quarantine.feed = '{{ feed }}'
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        received.source,
        received.feed,
        received.column_name,
        received.id,
        received.is_accepted,
        received.received_at
    from received
    inner join declared
        on
            received.source = declared.source
            and received.feed = declared.feed
    where received.id is not null
)

select * from final
