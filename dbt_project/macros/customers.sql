{# Key of the customer of an order: the customer id, else the e-mail token of the guest, else the order id. #}
{% macro customer_key(alias) -%}
    case
        when {{ alias }}.customer_id is not null then concat('c:', {{ alias }}.customer_id)
        when {{ alias }}.email_token is not null then concat('e:', {{ alias }}.email_token)
        else concat('o:', {{ alias }}.order_id)
    end
{%- endmacro %}

{# True if the key of a customer names a person. An order without customer id and e-mail token is not a customer. #}
{% macro is_identified(customer_key) -%}
    substr({{ customer_key }}, 1, 2) <> 'o:'
{%- endmacro %}

{#
  Pre-hook of int_customer_snapshots. It deletes snapshots that are no longer wanted. It also deletes snapshots from the
  earliest day on that newly received rows touch. The model then computes the wanted snapshots that are missing.
#}
{% macro forget_stale_snapshots() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where
            snapshot_date not in (select wanted.snapshot_date from {{ ref('int_snapshot_dates') }} as wanted)
            or snapshot_date >= (
                select min(touched.touched_date) from {{ ref('int_touched_dates') }} as touched
                where touched._batch_id > {{ watermark() }}
            )
    {%- else -%}
        select 1
    {%- endif -%}
{%- endmacro %}

{# Score from 1 to 5, from a percent_rank between 0 and 1. Null if there is no rank. #}
{% macro quintile(percent_rank) -%}
    cast(case when {{ percent_rank }} >= 0.8 then 5 else floor({{ percent_rank }} * 5) + 1 end as {{ dbt.type_int() }})
{%- endmacro %}
