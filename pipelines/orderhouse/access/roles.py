"""Roles: the pages, actions, tables, columns and rows of a person. `access_file` reads them."""

from __future__ import annotations

import hashlib
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, field_validator

from orderhouse.access.row_keys import DIMENSIONS, row_keys
from orderhouse.config_values import as_list, require_known

__all__ = ["ACTIONS", "ALL", "BUILT_IN", "OWNER", "PAGES", "Role"]

ALL = "all"
PAGES = (
    "today", "orders", "exceptions", "fulfilment", "routing", "shipments", "inventory", "returns", "messages",
    "revenue", "payments", "customers", "campaigns", "feedback", "kpis", "forecasts", "products", "rules", "schedules",
    "data_quality", "sql", "exports", "audit_log", "settings",
)  # fmt: skip
# Earlier names of pages, which access files may still have.
RENAMED_PAGES = {"overview": "today"}
# Actions that are checked: the kinds of the feed `actions`, changing rules and schedules, starting and stopping
# campaigns, using Dagster's pages and API, explaining a number by its feed rows, deciding about rows in quarantine,
# trying messages again and pausing their channels, and declaring sources. For the built-in roles, the table
# `ops.allowed_actions` says who may do a kind, unless `access.yaml` gives the role `actions` of its own; other roles
# list it here.
KINDS = (
    "confirm", "hold", "release", "cancel", "cancel_line", "change_address", "change_promise", "approve_return",
    "decline_return", "request_cancel", "request_change", "request_return", "request_refund", "approve", "decline",
    "route", "note", "tag", "assign", "snooze", "resolve", "close_month",
)  # fmt: skip
ACTIONS = (*KINDS, "automate", "campaigns", "dagster", "explain", "messages", "repair", "sources")

Words = Annotated[list[str], BeforeValidator(as_list)]


class Role(BaseModel):
    """One role. What is not named is refused.

    Attributes:
        name: Name of the role.
        pages: Pages of the dashboards.
        actions: Actions, see `ACTIONS`.
        tables: Tables as `schema.table`, or `all`.
        columns: The only columns of a table, by table. Other tables keep all columns.
        hidden_columns: Columns that no table has, as `column` or `schema.table.column`, with `*` for any characters.
        rows: Values of a dimension whose rows are seen, by dimension. Rows without a value are not seen.
        exports: True if the role may export.
        reveals: True if the role may see personal data of single people, for a stated reason.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    pages: Words = Field(default_factory=list)
    actions: Words = Field(default_factory=list)
    tables: Words = Field(default_factory=list)
    columns: dict[str, Annotated[Words, Field(min_length=1)]] = Field(default_factory=dict)
    hidden_columns: Words = Field(default_factory=list)
    rows: dict[str, Annotated[Words, Field(min_length=1)]] = Field(default_factory=dict)
    exports: bool = False
    reveals: bool = False
    _declares_actions: bool = PrivateAttr(default=False)

    @field_validator("pages")
    @classmethod
    def _pages_exist(cls, value: list[str]) -> list[str]:
        return _known("page", [RENAMED_PAGES.get(page, page) for page in value], PAGES)

    @field_validator("actions")
    @classmethod
    def _actions_exist(cls, value: list[str]) -> list[str]:
        return _known("action", value, ACTIONS)

    @field_validator("tables")
    @classmethod
    def _tables_exist(cls, value: list[str]) -> list[str]:
        return _known("published table", value, tuple(row_keys()))

    @field_validator("columns")
    @classmethod
    def _tables_of_columns_exist(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        return {require_known("published table", table, row_keys()): columns for table, columns in value.items()}

    @field_validator("rows")
    @classmethod
    def _dimensions_exist(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        return {require_known("dimension of rows", name, DIMENSIONS): values for name, values in value.items()}

    @property
    def sees_everything(self) -> bool:
        """Return True if the role reads published versions as they are."""
        return self.tables == [ALL] and not self.columns and not self.hidden_columns and not self.rows

    @property
    def digest(self) -> str:
        """Return a hash of what the role may read. Equal digests read the same rows and columns."""
        read = self.model_dump_json(include={"tables", "columns", "hidden_columns", "rows"})
        return hashlib.sha256(read.encode()).hexdigest()[:16]

    @property
    def declares_actions(self) -> bool:
        """Return True for a built-in role to which `access.yaml` gives actions, which count instead of the table."""
        return self._declares_actions

    @property
    def recorded_name(self) -> str:
        """Return the role as records of actions carry it. The models judge no role that the table does not name."""
        return f"{self.name} (access.yaml)" if self._declares_actions else self.name

    def named(self, name: str, *, declares_actions: bool) -> Role:
        """Return the role under its name in the access file."""
        role = self.model_copy(update={"name": name})
        role._declares_actions = declares_actions and name in BUILT_IN
        return role

    def opens(self, page: str) -> bool:
        """Tell if the role may open a page."""
        return page in self.pages or ALL in self.pages

    def may(self, action: str) -> bool:
        """Tell if the role may take an action."""
        return action in self.actions or ALL in self.actions

    def reads(self, table: str) -> bool:
        """Tell if the role names a table; its rows may still be refused, see `row_keys`."""
        return table in self.tables or ALL in self.tables

    def hides(self, table: str, column: str) -> bool:
        """Tell if the role does not see a column of a table."""
        if table in self.columns and column not in self.columns[table]:
            return True
        names = (column, f"{table}.{column}")
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.hidden_columns)


def _known(what: str, values: list[str], known: tuple[str, ...]) -> list[str]:
    if ALL in values and len(values) > 1:
        raise ValueError(f"`all` includes every {what}; remove the other words")
    return [require_known(what, value, (*known, ALL)) for value in values]


_CATALOGUE = ["marts.as_of", "marts.fct_prediction_runs", "marts.kpi_catalogue"]
_ORDERS = [
    "marts.fct_delivery_risk", "marts.fct_delivery_risk_accuracy", "marts.fct_exceptions", "marts.fct_order_lines",
    "marts.fct_order_timeline", "marts.fct_orders", "marts.fct_returns", "marts.fct_routing_proposals",
    "marts.fct_shipments", "ops.allowed_actions", "ops.action_states", "ops.actions", "ops.exceptions",
    "ops.order_lines", "ops.order_timeline", "ops.orders", "ops.payments", "ops.returns", "ops.shipments",
    "ops.warehouses",
]  # fmt: skip
_FIGURES = ["marts.fct_kpi_daily", "marts.fct_kpi_distribution", "marts.fct_revenue_daily"]
_GOODS = [
    "marts.dim_products", "marts.fct_carrier_daily", "marts.fct_carrier_hours", "marts.fct_demand_weekly",
    "marts.fct_forecast", "marts.fct_forecast_accuracy", "marts.fct_inventory_ledger", "marts.fct_inventory_positions",
    "marts.fct_lane_accuracy", "marts.fct_lane_estimates", "marts.fct_lead_time_demand", "marts.fct_purchase_proposals",
    "marts.fct_reorder_proposals", "marts.fct_service_levels", "marts.fct_carrier_mix", "marts.fct_forecast_outcomes",
    "marts.fct_revenue_outlook", "marts.fct_stock_outs",
]  # fmt: skip
_CUSTOMERS = [
    "marts.dim_customers", "marts.fct_campaign_members", "marts.fct_campaign_results", "marts.fct_carts",
    "marts.fct_cohort_retention", "marts.fct_customer_segments", "marts.fct_customer_value",
    "marts.fct_customer_value_accuracy", "marts.fct_feedback", "marts.fct_product_affinity",
    "marts.fct_recommendations", "marts.fct_suppressions",
]  # fmt: skip

# Roles of an installation that declares none. The keys of a role in `access.yaml` replace those of the same name.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "viewer": {
        "pages": [
            "today", "orders", "exceptions", "fulfilment", "routing", "shipments", "inventory", "returns", "kpis",
            "forecasts",
        ],
        "tables": [*_CATALOGUE, *_ORDERS, *_FIGURES, *_GOODS, "quality.files", "quality.freshness"],
    },
    "agent": {
        "pages": ["orders", "exceptions", "fulfilment", "shipments", "returns", "feedback"],
        "tables": [*_CATALOGUE, *_ORDERS, *_GOODS, "marts.dim_customers", "marts.fct_feedback"],
        "reveals": True,
    },
    "operator": {
        "pages": [
            "today", "orders", "exceptions", "fulfilment", "routing", "shipments", "inventory", "returns", "messages",
            "customers", "feedback", "kpis", "forecasts", "products", "rules", "schedules", "data_quality", "sql",
            "exports", "settings",
        ],
        "tables": [ALL],
        "actions": ["automate", "explain", "repair"],
        "exports": True,
        "reveals": True,
    },
    "finance": {
        "pages": [
            "today", "orders", "exceptions", "returns", "revenue", "payments", "kpis", "forecasts", "products", "rules",
            "schedules", "data_quality", "sql", "exports",
        ],
        "tables": [ALL],
        "actions": ["close_month", "explain"],
        "exports": True,
    },
    "marketing": {
        "pages": ["today", "customers", "campaigns", "feedback", "kpis", "products", "sql", "exports"],
        "actions": ["campaigns"],
        "tables": [
            *_CATALOGUE, *_FIGURES, *_CUSTOMERS, "marts.dim_products", "marts.fct_exceptions", "marts.fct_orders",
            "marts.fct_product_performance", "ops.exceptions", "ops.order_lines", "ops.orders", "ops.shipments",
            "quality.files", "quality.freshness",
        ],
        "exports": True,
    },
    "admin": {"pages": [ALL], "tables": [ALL], "actions": [ALL], "exports": True, "reveals": True},
}  # fmt: skip

BUILT_IN = {name: Role(name=name, **keys) for name, keys in _DEFAULTS.items()}
# The operating-system user of this machine, who can read the files of the home anyway.
OWNER = BUILT_IN["admin"]
