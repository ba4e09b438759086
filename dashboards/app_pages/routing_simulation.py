"""Simulation: past orders replayed under two policies, with progress, and the result explained."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import asdict
from datetime import date, timedelta

import polars as pl
import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.predict.routing.policy import DEFAULT_POLICY, NAMED_POLICIES, NEAREST, Policy, parse_policy
from orderhouse.predict.routing.replaying import PATIENCE_DAYS
from orderhouse.predict.routing.simulating import Simulated, simulate
from orderhouse.serve.reading import open_reader
from shared import address
from shared.access import Version
from shared.formats import count, counted, day, money, per_cent
from shared.layout import empty
from shared.tables import column, table
from streamlit.delta_generator import DeltaGenerator

__all__ = ["simulation"]

# Longer periods are for the command: a page holds its reader.
MOST_DAYS = 100
DEFAULT_DAYS = 28
POLICIES = (*NAMED_POLICIES, NEAREST)
# What this browser simulated last, and the version that it read.
SIMULATED = "routing_simulated"


@st.cache_resource
def _one_at_a_time() -> threading.Lock:
    """Return the lock by which one simulation at a time keeps a processor busy."""
    return threading.Lock()


def simulation(version: Version) -> None:
    """Ask for two policies and a period, run the simulation when it is asked for, and show the last one."""
    if not version.role.sees_everything:
        st.info(
            f"A simulation reads all orders and all stock. Your role, {version.role.name}, does not see them all.",
            icon=":material/lock:",
        )
        return
    policies, days, patience = _ask(version)
    is_asked = st.button("Simulate", key="simulate", type="primary", icon=":material/play_arrow:")
    if is_asked:
        st.session_state[SIMULATED] = (version.number, _run(version, policies, days, patience))
    number, found = st.session_state.get(SIMULATED, (version.number, None))
    if found is None:
        empty("Choose two policies and a period, and press Simulate. A month of the sample takes some seconds.")
    elif isinstance(found, str):
        st.error(found, icon=":material/error:")
    else:
        if number != version.number:
            st.warning(f"This simulation read version {number}. Simulate again to read version {version.number}.")
        _show(version, found)


def _ask(version: Version) -> tuple[list[Policy], tuple[date, date], int]:
    last = version.business_date - timedelta(days=1)
    default = (last - timedelta(days=DEFAULT_DAYS - 1), last)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = address.one("policy_a", "Policy A", POLICIES, DEFAULT_POLICY, written=str)
        second = address.one("policy_b", "Policy B", POLICIES, NEAREST, written=str)
        days = address.days("simulated_days", "Orders placed") or default
        patience = st.number_input(
            "Patience in days", 1, MOST_DAYS, PATIENCE_DAYS, key="patience", width=150,
            help="Days after which a line without stock is cancelled.",
        )  # fmt: skip
    st.caption(f"Orders placed {day(days[0])} to {day(days[1])}.")
    return [parse_policy(each) for each in (first, second)], days, int(patience)


def _run(version: Version, policies: list[Policy], days: tuple[date, date], patience: int) -> Simulated | str:
    """Return the simulation, or the sentence that says why there is none."""
    if (days[1] - days[0]).days >= MOST_DAYS:
        return f"This page simulates {MOST_DAYS} days at most. `orderhouse routing simulate` takes longer periods."
    if not _one_at_a_time().acquire(blocking=False):
        return "Another simulation is running. Try again when it has ended."
    bar = st.progress(0.0, "Reading the orders and the stock")
    try:
        with closing(open_reader(version.settings, role=version.role, version=version.number)) as connection:
            return simulate(connection, *days, policies, patience, lambda name, share: _tell(bar, name, share))
    except OrderhouseError as error:
        return error.message
    finally:
        _one_at_a_time().release()
        bar.empty()


def _tell(bar: DeltaGenerator, policy: str, share: float) -> None:
    bar.progress(share, f"Replaying under {policy}: {share:.0%} done")


def _show(version: Version, found: Simulated) -> None:
    st.markdown(
        f"**{counted(found.orders, 'order')}** with {counted(found.units, 'unit')}, placed {day(found.first)} to "
        f"{day(found.last)}. {_compared(found)}"
    )
    table(
        pl.DataFrame(
            [asdict(each) | {"on_time_rate": each.on_time_rate} for each in found.rows],
            schema_overrides={"on_time_rate": pl.Float64, "worst_gap": pl.Float64},
        ),
        {
            "policy": column("Policy"),
            "parcels": column("Parcels", "Parcels that would have left.", digits=0),
            "on_time_rate": column(
                "On time", "Parcels that keep every promise in them, at the time of their lane.", per_cent=True
            ),
            "promised": column("With a promise", "Parcels with a promise and a known time.", digits=0),
            "cost": column("Cost", "Mean cost of a parcel of the lane.", unit=version.currency, is_amount=True),
            "cancelled_units": column("Units cancelled", "No stock came within the patience.", digits=0),
            "waiting_units": column("Units waiting", "Without stock at the end, and not too long yet.", digits=0),
            "worst_gap": column("Greatest gap", "Of a day: how much better the first aim could be.", per_cent=True),
        },
        key="simulated",
        nothing="Nothing was simulated.",
        height="content",
    )
    st.caption(
        "Each day's orders are decided on when the day ends, with those that still wait, from the stock as it was "
        "without the parcels of these orders. A parcel is on time if nine of ten parcels of its lane would keep its "
        "promises. Times and costs are those of this version, not those of the past. Units that customers cancelled "
        "are left out."
    )


def _compared(found: Simulated) -> str:
    """Return sentences about what the first policy gives against the second."""
    one, other = found.rows
    if one.policy == other.policy:
        return "Both policies are the same."
    said = [
        f"`{one.policy}` sends {_against(one.parcels, other.parcels, 'parcels')}{_share(one.parcels, other.parcels)} "
        f"than `{other.policy}`"
        if one.parcels != other.parcels
        else f"`{one.policy}` and `{other.policy}` send equally many parcels"
    ]
    if one.cost != other.cost:
        by = money(abs(one.cost - other.cost), found.currency)
        said.append(f"their cost is {by} {'higher' if one.cost > other.cost else 'lower'}")
    if one.on_time_rate is not None and other.on_time_rate is not None:
        said.append(f"{per_cent(one.on_time_rate)} are on time against {per_cent(other.on_time_rate)}")
    return "; ".join(said) + "."


def _against(one: int, other: int, noun: str) -> str:
    return f"{count(abs(one - other))} {'more' if one > other else 'fewer'} {noun}"


def _share(one: int, other: int) -> str:
    return f" ({per_cent(abs(one - other) / other)})" if other else ""
