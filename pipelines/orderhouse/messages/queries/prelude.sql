-- What the queries of kinds share: instants as ISO 8601 in UTC, and one name per product.
create or replace temp macro instant(value) as strftime(value, '%Y-%m-%dT%H:%M:%SZ');

create or replace temp view products as
select
    sku,
    any_value(name) as name
from marts.dim_products
group by sku;
