"""Campaign of kills of the rules: nothing fires twice, nothing is lost, and what was begun is finished.

A unit is one home with many rules, each of which acts on some orders, tells a team and notes the order. Runs of the
rules are killed at random moments: before and after the firings are stored, while actions land, between a step and its
record. The last run is not killed. Then every order of every rule must have each action and each message once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from orderhouse.actions.landing import landed_names
from orderhouse.messages.outbox import list_messages
from orderhouse.operations.store import open_store
from orderhouse.rules.firings import list_firings
from orderhouse.rules.running import run_rules
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings

from tests.campaigns.record import carry_on, sums
from tests.dashboards.published_home import publish
from tests.properties.killing import KILLED, ended, start

RULES, ORDERS_PER_RULE = 30, 4
# Seconds after its begin within which a run is killed.
MOMENTS = 1.0
PATIENCE = 60
BEGAN = "began"
RULE = """
  rule_{number}:
    on: orders
    when: {{field: order_id, in: [{orders}]}}
    then:
      - action: {{kind: hold}}
      - notify: {{role: operator, text: "{{order_id}} is on hold"}}
      - action: {{kind: note, as: agent, text: "held by rule {number}"}}
"""


def work(home: str) -> None:
    """Let the rules fire. The process may be killed at any moment."""
    Path(home, BEGAN).touch()
    run_rules(Settings(home=Path(home)))


def one_unit(seed: int, kills: int = 20) -> dict[str, Any]:
    """Run the rules of one home under kills; return the number of kills, and what is wrong."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible campaign
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="rules-") as folder:
        home = Path(folder)
        publish(home)
        settings = Settings(home=home)
        wanted = write_rules(settings, chance)
        killed = runs = 0
        while killed < kills and runs < 5 * kills and not is_over(settings, wanted):
            killed += kill_one(home, chance)
            runs += 1
        code = ended(start(work, str(home)))
        problems = [f"the last run ended with {code}"] if code else []
        problems += wrong(wanted, records(settings), told(settings), firings(settings))
    return {
        "kills": killed,
        "firings": len(wanted),
        "seconds": round(time.monotonic() - began, 1),
        "problems": problems,
    }


def kill_one(home: Path, chance: random.Random) -> bool:
    """Start a run, and kill it some time after it began. Return False if it had ended by itself."""
    (home / BEGAN).unlink(missing_ok=True)
    process = start(work, str(home))
    deadline = time.monotonic() + PATIENCE
    while not (home / BEGAN).exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(chance.uniform(0, MOMENTS))
    process.kill()
    return ended(process) in KILLED


def write_rules(settings: Settings, chance: random.Random) -> dict[str, str]:
    """Write the rules, and return the rule of each order."""
    with contextlib.closing(open_reader(settings)) as published:
        sql = "select order_id from ops.orders where order_status not in ('cancelled', 'on_hold') order by order_id"
        orders = [order_id for (order_id,) in published.execute(sql).fetchall()]
    chance.shuffle(orders)
    wanted, texts = {}, []
    for number in range(RULES):
        own = orders[number * ORDERS_PER_RULE : (number + 1) * ORDERS_PER_RULE]
        wanted |= dict.fromkeys(own, f"rule_{number}")
        texts.append(RULE.format(number=number, orders=", ".join(own)))
    (settings.home / "rules.yaml").write_text("rules:" + "".join(texts), encoding="utf-8")
    return wanted


def is_over(settings: Settings, wanted: Mapping[str, str]) -> bool:
    """Tell if every firing is done, so that another run would find nothing to do."""
    return len(list_firings(open_store(settings), state="done", limit=len(wanted))) == len(wanted)


def records(settings: Settings) -> list[tuple[str, str, str]]:
    """Return order, kind and rule of every landed action."""
    lines = (line for name in landed_names(settings) for line in (settings.actions / name).read_text().splitlines())
    found = [json.loads(line) for line in lines]
    return [(each["order_id"], each["kind"], each["actor"].removeprefix("rule ")) for each in found]


def told(settings: Settings) -> list[tuple[str, str]]:
    """Return order and rule of every message."""
    found = list_messages(open_store(settings), limit=10_000)
    return [(message.order_id or "", message.kind.removeprefix("rule.")) for message in found]


def firings(settings: Settings) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Return order, rule, state and outcomes of every firing."""
    return [
        (each.order_id or "", each.rule, each.state, tuple(str(outcome["outcome"]) for outcome in each.outcomes))
        for each in list_firings(open_store(settings), limit=10_000)
    ]


def wrong(
    wanted: Mapping[str, str],
    actions: Sequence[tuple[str, str, str]],
    messages: Sequence[tuple[str, str]],
    fired: Sequence[tuple[str, str, str, tuple[str, ...]]],
) -> list[str]:
    """Return what is lost, unknown, done twice, or not finished."""
    both = [(order, kind, rule) for order, rule in wanted.items() for kind in ("hold", "note")]
    problems = _differences("action", both, actions)
    problems += _differences("message", wanted.items(), messages)
    done = [(order, rule, "done", ("landed", "held", "landed")) for order, rule in wanted.items()]
    return problems + _differences("firing", done, fired)


def _differences(what: str, wanted: Iterable[Any], found: Iterable[Any]) -> list[str]:
    expected, counted = Counter(wanted), Counter(found)
    lost = [f"{what} {each} is lost" for each in (expected - counted)]
    return lost + [f"{what} {each} is too many" for each in (counted - expected)]


def main() -> int:
    """Carry a campaign on, and print its sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="folder of the record")
    parser.add_argument("--homes", type=int, default=10, help="homes in all; up to 20 kills each")
    parser.add_argument("--seconds", type=float, help="time after which no further home begins")
    given = parser.parse_args()
    units = carry_on(given.folder / "rules.jsonl", given.homes, one_unit, seconds=given.seconds)
    total = sums(units)
    print(total)
    return 1 if total["problems"] else 0


if __name__ == "__main__":
    # Started processes look for the work under the name of this module, and `__main__` is not that name.
    from tests.campaigns import rules

    sys.exit(rules.main())
