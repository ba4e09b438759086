"""Contracts: the columns, types and row rules of the seventeen feeds; the public interface for all who send data.

One module per feed. The translation of a source's own format into these columns belongs in `orderhouse.sources`.
"""

from __future__ import annotations

from orderhouse.contracts.actions import Actions
from orderhouse.contracts.campaign_members import CampaignMembers
from orderhouse.contracts.carts import Carts
from orderhouse.contracts.contract import LINEAGE, Contract
from orderhouse.contracts.customers import Customers
from orderhouse.contracts.feedback import Feedback
from orderhouse.contracts.fx_rates import FxRates
from orderhouse.contracts.inbound import Inbound
from orderhouse.contracts.order_lines import OrderLines
from orderhouse.contracts.orders import Orders
from orderhouse.contracts.payments import Payments
from orderhouse.contracts.payouts import Payouts
from orderhouse.contracts.price_lists import PriceLists
from orderhouse.contracts.products import Products
from orderhouse.contracts.returns import Returns
from orderhouse.contracts.shipments import Shipments
from orderhouse.contracts.stock import Stock
from orderhouse.contracts.suppressions import Suppressions
from orderhouse.contracts.tracking import Tracking

__all__ = ["CONTRACTS", "LINEAGE", "Contract"]

CONTRACTS: dict[str, type[Contract]] = {
    contract.feed(): contract
    for contract in (
        Orders,
        OrderLines,
        Payments,
        Payouts,
        Shipments,
        Tracking,
        Returns,
        Stock,
        Inbound,
        Products,
        Customers,
        PriceLists,
        FxRates,
        Carts,
        Feedback,
        Actions,
        CampaignMembers,
        Suppressions,
    )
}
