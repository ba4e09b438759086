{#
  Content hash of a stock movement, used to order movements with other keys at the same instant. It hashes the same
  canonical text as content_hash, built from staging columns.
#}
{% macro stock_content_hash(alias) -%}
    {%- set columns = {
        'currency': 'currency', 'kind': 'kind_word', 'movement_id': 'movement_id', 'occurred_at': 'occurred_at',
        'quantity': 'quantity', 'reference': 'reference', 'sku': 'sku', 'unit_cost': 'unit_cost',
        'warehouse_id': 'warehouse_id'
    } -%}
    {%- set pairs = [] -%}
    {%- for name, column in columns.items() -%}
        {%- set text = "cast(" ~ alias ~ "." ~ column ~ " as " ~ dbt.type_string() ~ ")" -%}
        {%- if name == 'unit_cost' -%}
            {%- set text = "rtrim(rtrim(" ~ text ~ ", '0'), '.')" -%}
        {%- endif -%}
        {%- do pairs.append("'" ~ name ~ "=' || " ~ text) -%}
    {%- endfor -%}
    {{ return(sha256_hex("concat_ws(chr(31), " ~ pairs | join(', ') ~ ")")) }}
{%- endmacro %}

{# Units still to come on purchase orders, of sources that are tracked for stock. #}
{% macro tracked_inbound(inbound, coverage) -%}
    select {{ inbound }}.*
    from {{ inbound }}
    inner join {{ coverage }}
        on
            {{ inbound }}._source = {{ coverage }}.source
            and {{ coverage }}.feed = 'stock'
            and {{ coverage }}.is_tracked
    where
        {{ inbound }}.is_current
        and {{ inbound }}.quantity > 0
{%- endmacro %}
