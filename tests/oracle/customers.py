"""Customers: who they are, what they bought and spent.

An order without customer id and e-mail is an order and no customer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property
from statistics import median
from typing import Any

from tests.oracle.amounts import ZERO
from tests.oracle.days import business_day
from tests.oracle.lines import Line
from tests.oracle.orders import Order
from tests.oracle.revenue import Event, credit_note_events
from tests.oracle.state import State
from tests.oracle.takebacks import order_events
from tests.oracle.versions import Row, grouped, versions

__all__ = ["SPENDING", "Customer", "customer_key", "customers_of", "dim_customers"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
# Events that are spending; shipping, refunds and fees are not.
SPENDING = ("sale", "return", "goods_refund", "credit_note")


def customer_key(order: Order) -> str:
    """Return the customer of an order: by id, else by e-mail token, else the order itself."""
    if order.row["customer_id"]:
        return f"c:{order.row['customer_id']}"
    if order.row["email_token"]:
        return f"e:{order.row['email_token']}"
    return f"o:{order.order_id}"


@dataclass
class Customer:
    """An identified customer with orders in the order of placing."""

    state: State
    key: str
    row: Row | None = None
    orders: list[Order] = field(default_factory=list)
    credit_events: list[Event] = field(default_factory=list)

    @cached_property
    def events(self) -> list[Event]:
        """Return the events of the placed clock."""
        found = [event for order in self.orders for event in order_events(self.state, order, "placed")]
        return found + self.credit_events

    def total(self, name: str) -> Decimal | None:
        """Return a sum of events in the reporting currency; none where the rate of any of them is missing."""
        reported = self.reported
        if self.lacks_rate(self.orders) or any(amounts is None for amounts in reported):
            return None
        return sum((amounts.get(name, ZERO) for amounts in reported if amounts is not None), ZERO)

    def lacks_rate(self, orders: list[Order]) -> bool:
        """Return true if the currency of an order has no rate on its day, whatever the order is worth."""
        world, rates = self.state.world, self.state.rates
        days = [(order.currency, business_day(order.placed_at, world.time_zone)) for order in orders]
        return any(rates.rate(currency, world.reporting_currency, day) is None for currency, day in days)

    @cached_property
    def reported(self) -> list[dict[str, Decimal] | None]:
        """Return the events of sales and returns in the reporting currency."""
        rates, reporting = self.state.rates, self.state.world.reporting_currency
        return [e.reported(rates, reporting) for e in self.events if e.kind in SPENDING]

    @cached_property
    def purchases(self) -> list[Order]:
        """Return the orders with recognised net sales above zero before returns, gift cards aside."""
        return [order for order in self.orders if self.sold(order, "gross_sales") > self.sold(order, "discounts")]

    def sold(self, order: Order, name: str) -> Decimal:
        """Return a sum over the sales of an order, in its currency."""
        sales = self._sales[order.order_id]
        return sum((event.amounts.get(name, ZERO) for event in sales), ZERO)

    @cached_property
    def _sales(self) -> dict[str, list[Event]]:
        found: dict[str, list[Event]] = defaultdict(list)
        for event in self.events:
            if event.kind == "sale":
                found[event.subject].append(event)
        return found

    @cached_property
    def net(self) -> Decimal | None:
        """Return gross sales less discounts; none where a rate is missing."""
        gross, discounts = self.total("gross_sales"), self.total("discounts")
        return None if gross is None or discounts is None else gross - discounts

    @cached_property
    def net_spend(self) -> Decimal | None:
        """Return gross sales less discounts and returns; none where a rate is missing."""
        returns = self.total("returns")
        return None if self.net is None or returns is None else self.net - returns

    @cached_property
    def missing_rates(self) -> int:
        """Return the number of orders, and of days with returns of one of them or credit notes, without a rate."""
        back = {(e.subject, e.currency, e.day) for e in self.events if e.kind in SPENDING[1:]}
        rates, reporting = self.state.rates, self.state.world.reporting_currency
        without = [each for each in back if rates.rate(each[1], reporting, each[2]) is None]
        return len(without) + sum(self.lacks_rate([order]) for order in self.orders)

    def latest(self, name: str) -> Any:
        """Return a column of the customers feed, else of the latest order."""
        if self.row is not None and self.row[name] is not None:
            return self.row[name]
        return self.orders[-1].row[f"ship_{name}"] if self.orders else None

    @cached_property
    def gaps(self) -> list[float]:
        """Return the days between purchases."""
        at = [order.placed_at for order in self.purchases]
        return [(after - before).total_seconds() / 86_400 for before, after in zip(at, at[1:], strict=False)]

    @property
    def preferred_channel(self) -> str | None:
        """Return the channel of most orders; of equals the latest used."""
        counts = Counter(order.row["channel"] for order in self.orders)
        last = {order.row["channel"]: number for number, order in enumerate(self.orders)}
        return max(counts, key=lambda channel: (counts[channel], last[channel]), default=None)


def customers_of(state: State) -> dict[str, Customer]:
    """Return the identified customers: those of the customers feed, and those of orders."""
    registered = {
        f"c:{key}": versions(rows)[-1]
        for key, rows in grouped(state.world.feeds["customers"], lambda row: row["customer_id"]).items()
    }
    found: dict[str, Customer] = {}
    members: dict[str, list[Order]] = defaultdict(list)
    for order in state.orders.values():
        members[customer_key(order)].append(order)
    for key, orders in members.items():
        if not key.startswith("o:"):
            orders.sort(key=lambda order: (order.placed_at, order.order_id))
            found[key] = Customer(state, key, registered.get(key), orders)
    for key, row in registered.items():
        found.setdefault(key, Customer(state, key, row))
    for note in state.credit_notes:
        customer = found.get(f"c:{note.events[0]['customer_id']}")
        if customer is not None:
            customer.credit_events += [event for event in credit_note_events(state, note) if event.clock == "placed"]
    return found


def dim_customers(state: State) -> Cells:
    """Return dim_customers."""
    customers = customers_of(state)
    population = [median(customer.gaps) for customer in customers.values() if customer.gaps]
    return {(key,): _customer(customer, population) | _shown(customer) for key, customer in customers.items()}


def _shown(customer: Customer) -> dict[str, Any]:
    """Return categories, countries and the average value of an order."""
    orders, net = customer.orders, customer.net
    countries = sorted({order.row["ship_country"] for order in orders if order.row["ship_country"]})
    value = None
    if net is not None and customer.purchases:
        value = (net / len(customer.purchases)).quantize(Decimal("0.0001"), rounding=ROUND_HALF_EVEN)
    discounts = [
        e.amounts["discounts"]
        for e in customer.events
        if orders and e.subject == orders[0].order_id and e.kind == "sale"
    ]
    return {
        "email_token": (customer.row and customer.row["email_token"])
        or (orders[-1].row["email_token"] if orders else None),
        "preferred_category": _category(customer, orders, lambda line: line.kept_quantity),
        "first_category": _category(customer, orders[:1], lambda line: line.ordered_quantity, at_least=0),
        "countries": ",".join(countries) or None,
        "missing_rates_count": customer.missing_rates,
        "average_order_value_reporting": value,
        "has_first_discount": sum(discounts, ZERO) > 0 if orders else None,
    }


def _category(
    customer: Customer, orders: list[Order], units: Callable[[Line], int], *, at_least: int = 1
) -> str | None:
    """Return the category of most units, services aside; of equals the first by name."""
    counts: Counter[str] = Counter()
    for line in (line for order in orders for line in order.lines):
        row = customer.state.products.get(str(line.row["sku"]), [{}])[-1]
        if row.get("category") and row.get("kind") != "service":
            counts[row["category"]] += units(line)
    return min((c for c in counts if counts[c] >= at_least), key=lambda c: (-counts[c], c), default=None)


def _at(orders: list[Order], number: int) -> datetime | None:
    return orders[number].placed_at if -len(orders) <= number < len(orders) else None


def _customer(customer: Customer, population: list[float]) -> dict[str, Any]:
    orders, purchases, world = customer.orders, customer.purchases, customer.state.world
    gross, discounts, returns = (customer.total(name) for name in ("gross_sales", "discounts", "returns"))
    shipped = sum(order.shipped for order in orders)
    returned = sum(order.returned_of_shipped for order in orders)
    gap = max(median(customer.gaps), 1.0) if customer.gaps else None
    if gap is None and population and orders:
        gap = max(median(population), 1.0)
    return {
        "customer_id": customer.key[2:] if customer.key.startswith("c:") else None,
        "country": customer.latest("country"),
        "region": customer.latest("region"),
        "city": customer.latest("city"),
        "language": customer.row["language"] if customer.row else None,
        "gender": customer.row["gender"] if customer.row else None,
        "birth_year": customer.row["birth_year"] if customer.row else None,
        "created_at": customer.row["created_at"] if customer.row else None,
        "has_marketing_consent": bool(customer.row and customer.row["marketing_consent"]),
        "is_registered": customer.row is not None,
        "preferred_channel": customer.preferred_channel,
        "first_order_id": orders[0].order_id if orders else None,
        "first_channel": orders[0].row["channel"] if orders else None,
        "first_country": orders[0].row["ship_country"] if orders else None,
        "first_source": orders[0].row["_source"] if orders else None,
        "orders_count": len(orders),
        "cancelled_orders_count": sum(order.order_status == "cancelled" for order in orders),
        "purchases_count": len(purchases),
        "discounted_purchases_count": sum(customer.sold(order, "discounts") > 0 for order in purchases),
        "shipped_quantity": shipped,
        "returned_quantity": returned,
        "gross_amount_reporting": gross,
        "discount_amount_reporting": discounts,
        "net_amount_reporting": customer.net,
        "returned_amount_reporting": returns,
        "net_spend_amount_reporting": customer.net_spend,
        "return_rate": returned / shipped if shipped else None,
        "discount_share": None if gross is None or discounts is None or not gross else float(discounts / gross),
        "gap_days": gap,
        "first_order_date": business_day(orders[0].placed_at, world.time_zone) if orders else None,
        "first_order_at": _at(orders, 0),
        "last_order_at": _at(orders, -1),
        "first_purchase_at": _at(purchases, 0),
        "second_purchase_at": _at(purchases, 1),
        "last_purchase_at": _at(purchases, -1),
    }
