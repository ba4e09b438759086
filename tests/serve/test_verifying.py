"""Tests of the verification of exports: whoever changes an export or its manifest is found, and harms nobody."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from orderhouse.cli.application import run_command
from orderhouse.errors import OrderhouseError
from orderhouse.serve.exports import export
from orderhouse.serve.manifest import Manifest, describe_file, read_manifest
from orderhouse.serve.verifying import verify
from orderhouse.settings import Settings
from orderhouse.vault.keys import load_keys
from orderhouse.vault.signing import public_key_text, sign

from tests.serve.built_home import make_version

CHANGED = "The signature does not fit the manifest: the manifest was changed after the export."


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a home with one version. Tests only read it."""
    return make_version(tmp_path_factory.mktemp("home"))[0]


@pytest.fixture
def exported(published: Settings, tmp_path: Path) -> Path:
    """Return the folder of an export of late orders as CSV."""
    folder = tmp_path / "exported"
    export(published, ["ops.orders"], format="csv", to=str(folder), where="is_late")
    return folder


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest of an export as somebody without the key can: its text, with fresh hashes of its files."""
    path = folder / "manifest.json"
    values = json.loads(path.read_text())
    change(values)
    for table in values["tables"]:
        for file in table["files"]:
            if (folder / file["path"]).is_file():
                file["sha256"] = describe_file(folder / file["path"], folder).sha256
                file["size_bytes"] = (folder / file["path"]).stat().st_size
    path.write_text(json.dumps(values))


def sign_again(settings: Settings, folder: Path, manifest: Manifest) -> None:
    """Write a manifest with a signature that fits, as a fault in the export itself would."""
    signed = replace(manifest, signature=sign(load_keys(settings), manifest.content))
    (folder / "manifest.json").write_text(signed.to_json())


def test_rows_that_were_removed_with_a_fresh_hash_are_found(published: Settings, exported: Path) -> None:
    lines = (exported / "orders.csv").read_text().splitlines(keepends=True)
    (exported / "orders.csv").write_text("".join(lines[:-1]))
    edit(exported, lambda values: values["tables"][0].update(rows=49))
    assert verify(published, str(exported)).problems == [CHANGED]


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values.update(tables=[]),
        lambda values: values.update(where="not is_late"),
        lambda values: values.update(where=None),
        lambda values: values.update(version=2),
        lambda values: values.update(store_id="another"),
        lambda values: values.update(partition_by=["stage"]),
        lambda values: values["tables"][0].update(table="marts.orders"),
        lambda values: values["tables"][0].update(query="select 1"),
        lambda values: values["tables"][0]["columns"].pop(),
        lambda values: values.update(signature=""),
        lambda values: values.update(signature="zz"),
    ],
)
def test_manifest_that_was_changed_is_found(
    published: Settings, exported: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    edit(exported, change)
    assert verify(published, str(exported)).problems == [CHANGED]


def test_file_that_was_added_is_found(published: Settings, exported: Path) -> None:
    (exported / "refunds.csv").write_text("amount\n1\n")
    problems = ["refunds.csv is not in the manifest. Remove it, or export into a folder of its own."]
    assert verify(published, str(exported)).problems == problems


def test_file_that_was_added_to_a_partition_is_found_even_beside_another_manifest(
    published: Settings, tmp_path: Path
) -> None:
    export(published, ["ops.orders"], format="parquet", to=str(tmp_path), partition_by=["is_late"])
    added = tmp_path / "orders" / "is_late=true" / "more.parquet"
    added.write_bytes(b"")
    (tmp_path / "orders" / "manifest.json").write_text("{}")
    assert [problem.split()[0] for problem in verify(published, str(tmp_path)).problems] == [
        "orders/is_late=true/more.parquet",
        "orders/manifest.json",
    ]


def test_export_below_another_export_is_not_taken_for_a_part_of_it(published: Settings, exported: Path) -> None:
    export(published, ["fct_orders"], format="csv", to=str(exported / "latest"))
    assert verify(published, str(exported)).passed
    assert verify(published, str(exported / "latest")).passed


def test_partitions_of_a_former_export_do_not_stay_in_a_later_one(published: Settings, tmp_path: Path) -> None:
    for where in ("true", "ship_country = 'DE'"):
        export(published, ["ops.orders"], format="csv", to=str(tmp_path), partition_by=["ship_country"], where=where)
    assert [path.parent.name for path in tmp_path.rglob("*.csv")] == ["ship_country=DE"]
    assert verify(published, str(tmp_path)).passed


@pytest.mark.parametrize("path", ["../orders.csv", "/etc/passwd", "orders/../../orders.csv", "orders\\..\\x", "", "."])
def test_file_outside_the_folder_is_refused_whoever_signed_it(published: Settings, exported: Path, path: str) -> None:
    manifest = read_manifest(exported / "manifest.json")
    (table,) = manifest.tables
    outside = replace(table, files=[replace(table.files[0], path=path)])
    sign_again(published, exported, replace(manifest, tables=[outside]))
    with pytest.raises(OrderhouseError, match="which is not one of an export of ops.orders"):
        verify(published, str(exported))


def test_store_cannot_make_the_verifier_write_outside_its_own_folder(published: Settings, tmp_path: Path) -> None:
    place = f"{tmp_path.as_uri()}/bucket"
    export(published, ["ops.orders"], format="csv", to=place)
    bucket = tmp_path / "bucket"
    victim = published.exports / "victim.csv"
    shutil.copy(bucket / "orders.csv", tmp_path / "victim.csv")
    edit(bucket, lambda values: values["tables"][0]["files"][0].update(path="../../victim.csv"))
    with pytest.raises(OrderhouseError, match="which is not one of an export"):
        verify(published, place)
    assert not victim.exists()


@pytest.mark.parametrize("what", ["file", "folder"])
def test_link_is_not_followed(published: Settings, tmp_path: Path, what: str) -> None:
    folder = tmp_path / "exported"
    export(published, ["ops.orders"], format="csv", to=str(folder), partition_by=["is_late"])
    linked = folder / "orders" / "is_late=true"
    linked = next(linked.iterdir()) if what == "file" else linked
    linked.rename(tmp_path / "elsewhere")
    linked.symlink_to(tmp_path / "elsewhere")
    assert any("is a link or below one" in problem for problem in verify(published, str(folder)).problems)


def test_query_of_a_signed_manifest_must_be_that_of_its_table_and_condition(
    published: Settings, exported: Path
) -> None:
    manifest = read_manifest(exported / "manifest.json")
    for changed in (replace(manifest, where="not is_late"), replace(manifest, lineage="other")):
        sign_again(published, exported, changed)
        assert len(verify(published, str(exported)).problems) == 1


@pytest.mark.parametrize("format", ["csv", "parquet", "xlsx"])
def test_files_that_fit_their_signed_manifest_but_not_the_version_are_found(
    published: Settings, tmp_path: Path, format: str
) -> None:
    export(published, ["ops.orders"], format=format, to=str(tmp_path), where="order_id <> 'OH-0007'")
    manifest = read_manifest(tmp_path / "manifest.json")
    (table,) = manifest.tables
    other = replace(table, query=table.query.replace("OH-0007", "OH-0009"))
    sign_again(published, tmp_path, replace(manifest, where="order_id <> 'OH-0009'", tables=[other]))
    assert verify(published, str(tmp_path)).problems == ["ops.orders: the rows of version 1 differ from the export."]


def test_manifest_of_an_earlier_release_is_said_to_be_unsigned(published: Settings, exported: Path) -> None:
    edit(exported, lambda values: [values.update(manifest_version=1), values.pop("signature")])
    with pytest.raises(OrderhouseError, match="is not signed, because an earlier release wrote it"):
        verify(published, str(exported))


@pytest.mark.parametrize("text", ["[]", "{}", "null", '{"tables": 1}', "[" * 100_000, '{"manifest_version": 2}'])
def test_text_that_is_no_manifest_is_said_to_be_none(published: Settings, tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(OrderhouseError, match="is not the manifest of an export"):
        verify(published, str(tmp_path))


def test_export_is_checked_on_another_machine_with_the_public_key(
    published: Settings, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere, key = tmp_path / "elsewhere", tmp_path / "shop.pem"
    assert run_command(["--home", str(published.home), "vault", "public-key", "--output", str(key)]) == 0
    assert key.read_text() == public_key_text(load_keys(published))
    assert run_command(["--home", str(elsewhere), "verify", str(exported), "--key", str(key)]) == 0
    assert "50 rows match the signed manifest. Version 1 is not kept here" in " ".join(capsys.readouterr().out.split())
    assert run_command(["--home", str(elsewhere), "verify", str(exported)]) == 2
    assert "Name the public key of the exporting home with `--key FILE`" in capsys.readouterr().err
    assert not elsewhere.exists()
    (exported / "orders.csv").write_text("order_id\n")
    assert run_command(["--home", str(elsewhere), "verify", str(exported), "--key", str(key)]) == 1


def test_key_of_another_home_does_not_verify(exported: Path, tmp_path: Path) -> None:
    other = Settings(home=tmp_path / "other")
    load_keys(other)
    (problem,) = verify(other, str(exported)).problems
    assert "but it was checked with the key" in problem


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_file_that_is_no_public_key_is_refused(
    published: Settings, exported: Path, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(OrderhouseError, match="is not a public key of a vault"):
        verify(published, str(exported), key=tmp_path / "key")


def test_two_tables_of_one_name_are_not_exported_into_one_folder(tmp_path: Path) -> None:
    extra = "create table marts.orders as select 1 as n"
    settings, _ = make_version(tmp_path / "home", extra=extra)
    with pytest.raises(OrderhouseError, match="Two tables are called orders"):
        export(settings, ["ops.orders", "marts.orders"], format="csv", to=str(tmp_path / "out"))
