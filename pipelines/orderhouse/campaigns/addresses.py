"""Lists of people in and out: suppression lists, and the treated members of a campaign in the columns of other tools.

Addresses come from the vault for the moment of writing. Each list that goes out is recorded before it is written.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orderhouse.access.roles import Role
from orderhouse.campaigns.starting import require_right
from orderhouse.errors import OrderhouseError
from orderhouse.files.formula_guard import guarded
from orderhouse.files.private_files import create_private
from orderhouse.messages.suppressions import land_suppressions, suppressions_of
from orderhouse.operations.audit_log import record
from orderhouse.operations.revealing import require_reveal
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import run_lock
from orderhouse.vault.keys import load_keys
from orderhouse.vault.single_tokens import token_of
from orderhouse.vault.vault import open_vault

__all__ = ["LAYOUTS", "Imported", "export_audience", "export_suppressions", "import_suppressions", "names_of"]

ADDRESS = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
HASHED = re.compile(r"[0-9a-fA-F]{64}")

# Columns that each tool imports, with what they hold: address, name, campaign.
LAYOUTS: dict[str, Sequence[tuple[str, Callable[[str, str, str], str]]]] = {
    "klaviyo": (
        ("Email", lambda address, name, campaign: address),
        ("First Name", lambda address, name, campaign: names_of(name)[0]),
        ("Last Name", lambda address, name, campaign: names_of(name)[1]),
        ("Campaign", lambda address, name, campaign: campaign),
    ),
    "mailchimp": (
        ("Email Address", lambda address, name, campaign: address),
        ("First Name", lambda address, name, campaign: names_of(name)[0]),
        ("Last Name", lambda address, name, campaign: names_of(name)[1]),
        ("Tags", lambda address, name, campaign: campaign),
    ),
    "hubspot": (
        ("First Name", lambda address, name, campaign: names_of(name)[0]),
        ("Last Name", lambda address, name, campaign: names_of(name)[1]),
        ("Email", lambda address, name, campaign: address),
        ("Campaign", lambda address, name, campaign: campaign),
    ),
}
MEMBERS = """
select customers.email_token, customers.customer_id, members.purpose
from marts.fct_campaign_members as members
inner join marts.dim_customers as customers on members.customer_key = customers.customer_key
where members.campaign_id = $campaign and members.arm = 'treated' and customers.has_marketing_consent
order by customers.email_token
"""


@dataclass(frozen=True)
class Imported:
    """Result of an import.

    Attributes:
        lines: Lines with an address or a hash.
        new: People who are suppressed now and were not before.
        unknown: Hashes that are the address of no known customer. They cannot be kept.
        wrong: Numbers of the lines that are neither.
    """

    lines: int
    new: int
    unknown: int
    wrong: list[int]


def names_of(name: str) -> tuple[str, str]:
    """Return first and last name: the last word is the last name."""
    words = name.split()
    return (" ".join(words[:-1]), words[-1]) if len(words) > 1 else (name.strip(), "")


def import_suppressions(settings: Settings, path: Path, purpose: str, *, actor: str, role: Role) -> Imported:
    """Suppress the people of a file: one address, or one SHA-256 of an address in lower case, per line.

    Args:
        settings: Settings of the home.
        path: The file. Of a CSV file, the first column counts, and a heading is skipped.
        purpose: The purpose; `all` for all marketing.
        actor: The person.
        role: Role of the person.

    Raises:
        OrderhouseError: The role may not, or the file cannot be read. Nothing is changed then.
    """
    require_right(role)
    cells = _first_cells(path)
    addresses = {cell.lower() for _, cell in cells if ADDRESS.fullmatch(cell)}
    hashes = {cell.lower() for _, cell in cells if HASHED.fullmatch(cell)}
    wrong = [line for line, cell in cells if not (ADDRESS.fullmatch(cell) or HASHED.fullmatch(cell))]
    if wrong[:1] == [1]:  # a heading
        wrong = wrong[1:]
    keys = load_keys(settings)
    tokens = {token_of(keys, "email", address) for address in addresses}
    known = _tokens_by_hash(settings) if hashes else {}
    tokens |= {known[each] for each in hashes if each in known}
    new = land_suppressions(settings, tokens, purpose, kind="imported", origin="file")
    unknown = len([each for each in hashes if each not in known])
    record(
        settings, actor=actor, role=role.name, action="import_suppressions", subject=purpose,
        detail={"people": len(tokens), "new": new, "unknown": unknown},
    )  # fmt: skip
    return Imported(len(addresses) + len(hashes), new, unknown, wrong)


def export_suppressions(
    settings: Settings, path: Path, purpose: str, *, plain: bool, reason: str, actor: str, role: Role
) -> int:
    """Write the addresses that are suppressed for a purpose, hashed or plain, and return their number.

    Args:
        settings: Settings of the home.
        path: The file to write.
        purpose: The purpose. Those of `all` are in every list.
        plain: True for addresses, False for their SHA-256.
        reason: Why addresses leave the home; plain ones need it.
        actor: The person.
        role: Role of the person.

    Raises:
        OrderhouseError: The role may not, or the file exists or cannot be written.
    """
    require_right(role)
    if plain:
        require_reveal(role, reason)
    with contextlib.closing(open_reader(settings)) as published:
        by_purpose = suppressions_of(settings, published).by_purpose
    tokens = sorted({*by_purpose.get("all", ()), *by_purpose.get(purpose, ())})
    record(
        settings, actor=actor, role=role.name, action="export_suppressions", subject=purpose,
        detail={"people": len(tokens), "plain": plain, "why": reason},
    )  # fmt: skip
    addresses = sorted(address.lower() for address in _revealed(settings, tokens).values())
    written = addresses if plain else sorted(hashlib.sha256(each.encode()).hexdigest() for each in addresses)
    _write(path, [["email" if plain else "email_sha256"], *([each] for each in written)])
    return len(written)


def export_audience(
    settings: Settings, campaign_id: str, layout: str, path: Path, *, reason: str, actor: str, role: Role
) -> int:
    """Write the treated members of a campaign who consent now, in the columns that a tool imports.

    Args:
        settings: Settings of the home.
        campaign_id: A campaign whose members are published.
        layout: One of `LAYOUTS`.
        path: The file to write.
        reason: Why addresses leave the home.
        actor: The person.
        role: Role of the person.

    Returns:
        The number of people.

    Raises:
        OrderhouseError: The role may not, the campaign is not published, or the file exists or cannot be written.
    """
    require_right(role)
    require_reveal(role, reason)
    if not role.exports:
        raise OrderhouseError(f"The role {role.name} may not export.")
    if layout not in LAYOUTS:
        raise OrderhouseError(f"There is no layout {layout!r}. Layouts: {', '.join(LAYOUTS)}.")
    with contextlib.closing(open_reader(settings)) as published:
        rows = published.execute(MEMBERS, {"campaign": campaign_id}).fetchall()
        suppressed = suppressions_of(settings, published)
    if not rows:
        raise OrderhouseError(
            f"No treated members of {campaign_id} are published. A campaign starts with `orderhouse campaigns start`, "
            "and the next run publishes its members."
        )
    tokens = [token for token, _, purpose in rows if token and not suppressed.holds(token, purpose)]
    record(
        settings, actor=actor, role=role.name, action="export_audience", subject=f"campaign {campaign_id}",
        detail={"layout": layout, "people": len(tokens), "why": reason},
    )  # fmt: skip
    people = _people(settings, tokens)
    columns = LAYOUTS[layout]
    table = [[of(*person, campaign_id) for _, of in columns] for person in people]
    _write(path, [[name for name, _ in columns], *table])
    return len(table)


def _people(settings: Settings, tokens: Sequence[str]) -> list[tuple[str, str]]:
    """Return address and name of each person; those of erased people are missing."""
    from orderhouse.messages.contacts import names_by_email

    with run_lock(settings, "export"), open_vault(settings) as vault:
        names = names_by_email(settings, tokens)
        values = vault.reveal({*tokens, *names.values()})
    return [(values[token], values.get(names.get(token, ""), "")) for token in tokens if token in values]


def _revealed(settings: Settings, tokens: Sequence[str]) -> dict[str, str]:
    with run_lock(settings, "export"), open_vault(settings) as vault:
        return vault.reveal(tokens)


def _tokens_by_hash(settings: Settings) -> dict[str, str]:
    """Return the token of every known customer by SHA-256 of the address."""
    with contextlib.closing(open_reader(settings)) as published:
        rows = published.execute(
            "select distinct email_token from marts.dim_customers where email_token is not null"
        ).fetchall()
    values = _revealed(settings, [token for (token,) in rows])
    return {hashlib.sha256(address.strip().lower().encode()).hexdigest(): token for token, address in values.items()}


def _first_cells(path: Path) -> list[tuple[int, str]]:
    """Return the number of each line that is not empty, with its first cell."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise OrderhouseError(f"{path} cannot be read: {why}.") from None
    rows = csv.reader(io.StringIO(text))
    return [(rows.line_num, row[0].strip()) for row in rows if row and row[0].strip()]


def _write(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write a new CSV file for its owner alone."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([guarded(cell) for cell in row] for row in rows)
    try:
        with create_private(path) as file:
            file.write(text.getvalue().encode())
    except OSError as error:
        raise OrderhouseError(f"{path} cannot be written: {error.strerror}.") from None
