"""Tests of `shopify_tables` on real tables of connectors, and on small made-up ones that join."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from orderhouse.receive import receive
from orderhouse.settings import load_settings

from tests.integration.running import data_folder
from tests.sources.test_real_formats import Raw

ORDER = "id,created_at,updated_at,currency,presentment_currency,source_name,customer_id,test,total_tax,cancelled_at"
REST = {
    "order": f"{ORDER},shipping_address_country_code,_fivetran_deleted\n"
    "1001,2026-03-01 15:00:00.000,2026-03-02 15:00:00.000,CAD,,web,77,FALSE,9.50,,US,FALSE\n"
    "1002,2026-03-01 16:00:00.000,2026-03-02 16:00:00.000,CAD,,web,,FALSE,1.00,,US,TRUE\n",
    "order_line": "order_id,id,sku,variant_id,price,quantity,fulfillable_quantity,total_discount,requires_shipping\n"
    "1001,1,MUG,11,40.0,2,0,8.00,TRUE\n1001,2,,22,15.00,1,0,0,TRUE\n1002,3,MUG,11,5.00,1,0,0,TRUE\n",
    "tax_line": "order_line_id,index,price\n1,0,5.00\n1,1,2.20\n2,0,1.50\n",
    "discount_allocation": "order_line_id,index,amount\n1,0,8.00\n",
    "order_shipping_line": "id,order_id,price,discounted_price\n5,1001,10.00,8.00\n",
    "order_shipping_tax_line": "order_shipping_line_id,index,price\n5,0,0.80\n",
    "order_discount_code": "order_id,index,code\n1001,2,LATE\n1001,1,EARLY\n",
    "refund": "id,order_id,created_at,processed_at,note,restock\n"
    "901,1001,2026-03-20 13:00:00,2026-03-20 13:00:00,chip,\n",
    "order_line_refund": "id,refund_id,order_line_id,quantity,restock_type,location_id,subtotal,total_tax\n"
    "1,901,1,1.0,return,31,36,3.60\n2,901,2,1,cancel,,15.00,1.50\n",
    "order_adjustment": "id,order_id,refund_id,amount,tax_amount,kind\n9,1001,901,-8.00,-0.80,shipping_refund\n",
    "transaction": "id,order_id,refund_id,amount,currency,kind,status,gateway,created_at,processed_at\n"
    "501,1001,,104.50,CAD,sale,success,visa,2026-03-01 15:00:05,2026-03-01 15:00:05\n"
    "502,1001,901,64.90,CAD,refund,success,visa,2026-03-20 13:00:00,2026-03-20 13:00:00\n"
    "503,1001,,1.00,CAD,sale,pending,visa,2026-03-20 13:00:00,\n",
    "fulfillment": "id,order_id,status,created_at,updated_at,location_id,tracking_company,tracking_numbers,service\n"
    '801,1001,success,2026-03-02 13:00:00,2026-03-03 13:00:00,31,UPS,"[""1Z9"",""1Z8""]",manual\n',
    "fulfillment_event": "id,fulfillment_id,status,happened_at,city\n1,801,delivered,2026-03-05 12:00:00,Boston\n",
    "product": "id,title,product_type,vendor,updated_at,_fivetran_deleted\n"
    "111,Mug,Kitchen,Potter,2026-02-01 00:00:00,TRUE\n",
    "product_variant": "id,product_id,inventory_item_id,sku,title,updated_at\n"
    "11,111,611,MUG,Default Title,2026-01-01 00:00:00\n",
    "inventory_item": "id,sku,requires_shipping,unit_cost_amount,unit_cost_currency_code\n611,MUG,TRUE,12.5,CAD\n",
    "inventory_level": "id,inventory_item_id,location_id\n71,611,31\n",
    "inventory_quantity": "id,inventory_item_id,inventory_level_id,name,quantity,updated_at\n"
    "1,611,71,on_hand,9,2026-03-01 00:00:00\n2,611,71,committed,2,2026-03-01 00:00:00\n",
    "collection": "id,title\n1,All\n",
    "metafield_of_some_app": "id\n1\n",
}
SETS = "{0}_set_shop_amount,{0}_set_shop_currency_code,{0}_set_pres_amount,{0}_set_pres_currency_code"
GQL = {
    "order": "id,processed_at,updated_at,currency_code,presentment_currency_code\n"
    "1,2026-03-01 15:00:00,2026-03-02 15:00:00,CAD,USD\n",
    "order_line": f"id,order_id,sku,quantity,unfulfilled_quantity,{SETS.format('original_total')}\n"
    "1,1,MUG,2,2,80.00,CAD,60.00,USD\n",
    "order_line_tax_line": f"order_line_id,index,{SETS.format('price')}\n1,0,8.00,CAD,6.00,USD\n",
    "tax_line": f"order_line_id,index,{SETS.format('price')}\n1,0,8.00,CAD,6.00,USD\n",
    "transaction": f"id,order_id,kind,status,{SETS.format('amount')},processed_at\n"
    "5,1,SALE,SUCCESS,88.00,CAD,66.00,USD,2026-03-01 15:00:00\n",
}


def landed(tmp_path: Path, tables: dict[str, str], style: str = "") -> Raw:
    """Ingest a bundle; return the raw tables."""
    folder = tmp_path / "landing"
    folder.mkdir(exist_ok=True)
    for name, text in tables.items():
        (folder / f"shopify_{style}{name}_data.csv").write_text(text)
    return taken(tmp_path, folder)


def taken(tmp_path: Path, folder: Path) -> Raw:
    """Ingest a folder; return the raw tables."""
    sources = tmp_path / "sources.yaml"
    sources.write_text(f"sources:\n  shop:\n    format: shopify_tables\n    path: {folder}\n")
    loaded = load_settings(home=tmp_path / "home", sources=sources)
    receive(loaded)
    return Raw(loaded)


def test_rest_tables_add_up_to_what_the_order_is_worth(tmp_path: Path) -> None:
    raw = landed(tmp_path, REST)
    header = "select currency, discount_code, shipping_amount, shipping_tax_amount from raw.orders"
    assert raw(f"{header} where order_id = '1001'") == [("CAD", "EARLY, LATE", Decimal("8.0000"), Decimal("0.8000"))]
    amounts = "quantity, unit_price, discount_amount, tax_amount, cancelled_quantity"
    assert raw(f"select sku, {amounts} from raw.order_lines where order_id = '1001' order by line_id") == [  # noqa: S608
        ("MUG", 2, Decimal("40.0000"), Decimal("8.0000"), Decimal("7.2000"), 0),
        ("variant-22", 1, Decimal("15.0000"), Decimal("0.0000"), Decimal("1.5000"), 1),
    ]
    # The payment is 80 − 8 + 15 + 7.20 + 1.50 + 8 + 0.80.
    assert raw("select amount from raw.payments where kind = 'sale/success'") == [(Decimal("104.5000"),)]


def test_a_deleted_order_is_cancelled_and_its_tax_has_a_line(tmp_path: Path) -> None:
    raw = landed(tmp_path, REST)
    assert raw("select is_cancelled, cancel_reason, cancelled_at from raw.orders where order_id = '1002'") == [
        (True, "deleted", None)
    ]
    assert raw("select line_id, tax_amount from raw.order_lines where order_id = '1002' order by 1") == [
        ("3", None),
        ("tax", Decimal("1.0000")),
    ]


def test_refunds_shipments_and_scans_of_rest_tables(tmp_path: Path) -> None:
    raw = landed(tmp_path, REST)
    assert raw("select return_id, line_id, status, quantity, warehouse_id from raw.returns") == [
        ("901", "1", "return", 1, "31")
    ]
    split = "select goods_amount, tax_amount, shipping_amount, return_id from raw.payments where payment_id = '502'"
    assert raw(split) == [(Decimal("51.0000"), Decimal("5.9000"), Decimal("8.0000"), "901")]
    # The hat was cancelled: only the mugs left, in the order's only fulfilment.
    assert raw("select shipment_id, line_id, quantity, sku from raw.shipments") == [("801", "1", 2, "MUG")]
    assert raw("select status, tracking_number, detail, location from raw.tracking order by 1") == [
        ("delivered", None, None, "Boston"),
        ("tracking_number_added", "1Z9", "also 1Z8", None),
    ]


def test_products_and_counts_of_rest_tables_and_what_is_left_out(tmp_path: Path) -> None:
    raw = landed(tmp_path, REST)
    known = "sku, name, unit_cost, currency, kind, is_active, updated_at::varchar"
    assert raw(f"select {known} from raw.products where sku = 'MUG'") == [  # noqa: S608
        ("MUG", "Mug", Decimal("12.5000"), "CAD", "goods", False, "2026-02-01 00:00:00")
    ]
    assert raw("select sku, warehouse_id, quantity from raw.stock") == [("MUG", "31", 9)]
    said = dict(raw("select path, ignored_columns from raw.files where feed is null"))  # type: ignore[arg-type]
    of = {Path(str(path)).name: str(text) for path, text in said.items()}
    assert "1 pending transactions" in of["shopify_transaction_data.csv"]
    assert "1 rows: the table collection" in of["shopify_collection_data.csv"]
    assert "1 rows: the table metafield_of_some_app" in of["shopify_metafield_of_some_app_data.csv"]
    assert "1 quantities" in of["shopify_inventory_quantity_data.csv"]
    assert raw("select count(*) from raw.quarantine") == [(0,)]
    assert raw("select count(*) from raw.files where rows_in <> accepted + duplicate + quarantined") == [(0,)]


def test_graphql_tables_are_a_bundle_of_their_own_in_the_customers_currency(tmp_path: Path) -> None:
    landed(tmp_path, REST)
    raw = landed(tmp_path, GQL, "gql_")
    assert raw("select count(distinct bundle_id) from raw.files") == [(2,)]
    assert raw("select currency from raw.orders where order_id = '1'") == [("USD",)]
    assert raw("select unit_price, tax_amount from raw.order_lines where order_id = '1'") == [
        (Decimal("30.0000"), Decimal("6.0000"))
    ]
    assert raw("select kind, amount, currency from raw.payments where order_id = '1'") == [
        ("SALE/SUCCESS", Decimal("66.0000"), "USD")
    ]


def test_orders_without_columns_of_extra_charges_are_read_and_an_uneven_price_costs_no_line(tmp_path: Path) -> None:
    tables = {
        "order": "id,processed_at,updated_at,currency_code\n"
        "1,2026-03-01 15:00:00,2026-03-02 15:00:00,CAD\n2,2026-03-01 15:00:00,2026-03-02 15:00:00,CAD\n",
        "order_line": "id,order_id,sku,quantity,original_total_set_shop_amount,total_discount_set_shop_amount\n"
        "1,1,MUG,8000,15600.00,0.00\n2,2,TEA,3,10.00,1.50\n3,2,CUP,7,0.01,\n",
    }
    raw = landed(tmp_path, tables, "gql_")
    assert raw("select line_id, unit_price, discount_amount from raw.order_lines order by 1") == [
        ("1", Decimal("1.9500"), Decimal("0.0000")),
        ("2", Decimal("3.3334"), Decimal("1.5002")),
        ("3", Decimal("0.0015"), Decimal("0.0005")),
    ]
    assert raw("select count(*) from raw.quarantine") == [(0,)]


def test_the_real_tables_are_two_bundles_in_which_every_row_is_somewhere(tmp_path: Path) -> None:
    folder = data_folder() / "payloads" / "shopify_warehouse_tables"
    raw = taken(tmp_path, folder)
    assert raw("select count(distinct bundle_id), count(distinct file_id) from raw.files where status = 'loaded'") == [
        (2, len({path.read_bytes() for path in folder.glob("*.csv")}))
    ]
    assert raw("select count(*) from raw.files where rows_in <> accepted + duplicate + quarantined") == [(0,)]
    # Three orders have a hash instead of their country. There is no other fault.
    assert raw("select feed, count(*) from raw.quarantine group by 1") == [("orders", 3)]
    moved = """
        select sum(amount) from raw.payments
        where _file_id in (select file_id from raw.files where path like '%/shopify_transaction_data.csv')
    """
    # 3 × 415.00 + 15.95 + 212.12
    assert raw(moved) == [(Decimal("1473.0700"),)]
