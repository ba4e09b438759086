"""Names under which files have our columns: words that exports use, in the order in which they are preferred.

A name is compared in small letters without signs. The values of a column decide as well, in `matching`.
"""

from __future__ import annotations

import re

from orderhouse.contracts.codes import CURRENCIES

__all__ = ["COLUMNS", "FEED_WORDS", "OWN_IDS", "currency_in", "feed_words_in", "plain"]

ORDER = (
    "orderid order ordernumber orderno ordernr orderref saleid salesorder invoiceno invoicenumber invoice bestellnr nr"
)
PLACED = (
    "placedat orderdate ordertime purchasedate createdat created date datetime orderedat timestamp invoicedate datum"
)
CHANGED = "updatedat modifiedat lastupdate lastmodified changedat modifieddate"
SKU = "sku productid product productcode stockcode itemid item articleno article productsku itemcode artikel"
CUSTOMER = "customerid customer userid user clientid buyerid customerno kundennr"
MONEY_CODE = "currency currencycode cur isocurrency waehrung"
DAY = "occurredat paidat paymentdate createdat created date datetime transactiondate timestamp refundedat datum zeit"

COLUMNS: dict[str, dict[str, str]] = {
    "orders": {
        "order_id": ORDER,
        "placed_at": PLACED,
        "updated_at": CHANGED,
        "currency": MONEY_CODE,
        "customer_id": CUSTOMER,
        "email": "email emailaddress customeremail mail",
        "phone": "phone telephone phonenumber mobile",
        "ship_name": "shipname recipient shippingname customername name",
        "ship_street": "shipstreet street address shippingaddress shipaddress address1",
        "ship_city": "shipcity city shippingcity customercity ordercity ort",
        "ship_region": "shipregion region state shippingstate orderstate province",
        "ship_postcode": "shippostcode postcode zip zipcode postalcode shippostalcode plz",
        "ship_country": "shipcountry country shippingcountry ordercountry countrycode land",
        "shipping_amount": "shippingamount shipping freight shippingcost freightvalue postage",
        "discount_code": "discountcode coupon couponcode promocode voucher",
        "channel": "channel saleschannel source",
        "promised_at": "promisedat promiseddate requireddate duedate deliverby deliverydue liefertermin",
        "is_cancelled": "iscancelled cancelled canceled",
    },
    "order_lines": {
        "order_id": ORDER,
        "line_id": "lineid orderitemid lineno linenumber line orderlineid rowid position pos",
        "updated_at": f"{CHANGED} {PLACED}",
        "sku": SKU,
        "quantity": "quantity qty units orderitemquantity amountordered count menge",
        "unit_price": "unitprice price priceusd priceeach itemprice productprice preis",
        "line_amount": "lineamount linetotal sales total amount lineprice extendedprice revenue umsatz",
        "discount_amount": "discountamount discount linediscount orderitemdiscount rabatt",
        "discount_share": "discountshare discountrate discountpercent discount orderitemdiscountrate rabatt",
        "tax_amount": "taxamount tax vat linetax mwst",
        "warehouse_id": "warehouseid warehouse location locationid",
        "seller_id": "sellerid seller vendor",
    },
    "payments": {
        "payment_id": "paymentid transactionid txid refundid orderitemrefundid chargeid receipt beleg",
        "order_id": ORDER,
        "kind": "kind type paymentkind transactiontype status art",
        "amount": "amount refundamount paymentvalue value total paid refundamountusd betrag",
        "currency": MONEY_CODE,
        "occurred_at": DAY,
        "method": "method paymentmethod paymenttype",
        "fee_amount": "feeamount fee fees",
    },
    "shipments": {
        "shipment_id": "shipmentid shipment deliveryid packageid parcelid",
        "order_id": ORDER,
        "line_id": "lineid orderitemid lineno line",
        "quantity": "quantity qty units",
        "shipped_at": "shippedat shippeddate shipdate dispatchedat sent sentat",
        "sku": SKU,
        "carrier": "carrier shipmode service shipper",
        "tracking_number": "trackingnumber tracking trackingno trackingcode",
        "warehouse_id": "warehouseid warehouse",
    },
    "products": {
        "sku": SKU,
        "updated_at": f"{CHANGED} createdat created date",
        "name": "name productname title description bezeichnung",
        "category": "category productcategory categoryname productcategoryname",
        "brand": "brand manufacturer",
        "unit_cost": "unitcost cost standardcost cogs",
        "currency": MONEY_CODE,
    },
    "customers": {
        "customer_id": CUSTOMER,
        "updated_at": f"{CHANGED} createdat created registered date",
        "email": "email emailaddress mail",
        "name": "name fullname customername companyname",
        "phone": "phone telephone phonenumber",
        "country": "country countrycode land",
        "city": "city ort",
        "region": "region state",
    },
    "fx_rates": {
        "rate_date": "ratedate date day datum",
        "base": "base fromcurrency basecurrency from",
        "quote": "quote tocurrency quotecurrency to",
        "rate": "rate exchangerate averagerate value",
    },
}
# Words of a file's name that speak for a feed.
FEED_WORDS = {
    "orders": "orders order bestellungen sales",
    "order_lines": "items item lines line details detail positionen transactions",
    "payments": "payments payment refunds refund transactions charges zahlungen",
    "shipments": "shipments shipment deliveries dispatch",
    "products": "products product articles catalogue catalog",
    "customers": "customers customer users clients",
    "fx_rates": "rates rate fx currency",
}
# The id of a feed's records, which a file that is named after the feed may call `Id`.
OWN_IDS = {
    "orders": "order_id",
    "order_lines": "line_id",
    "payments": "payment_id",
    "shipments": "shipment_id",
    "products": "sku",
    "customers": "customer_id",
}


def feed_words_in(stem: str, feed: str) -> bool:
    """Return whether the name of a file, such as ``OrderDetail_2``, speaks for a feed."""
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", stem).lower()
    return not set(re.split(r"[^a-z]+", apart)).isdisjoint(FEED_WORDS[feed].split())


def plain(name: str) -> str:
    """Return a name in small letters and digits, without a currency at its end."""
    letters = re.sub(r"[^a-z0-9]", "", name.lower())
    code = currency_in(name)
    return letters.removesuffix(code.lower()) if code else letters


def currency_in(name: str) -> str | None:
    """Return the currency at the end of a column's name, as in ``price_usd``."""
    last = re.split(r"[^A-Za-z]+", name.strip("()[] "))[-1].upper()
    return last if last in CURRENCIES and last != name.upper() else None
