"""Tests of the destinations that jobs and pages may export to."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.serve.destinations import check_destination
from orderhouse.settings import Settings


def settings_in(home: Path) -> Settings:
    allowed = (str(home / "reports"), "s3://shop/exports?region=eu-west-1")
    return Settings(home=home / "home", export_destinations=allowed)


@pytest.mark.parametrize("place", ["home/exports", "home/exports/latest", "reports", "reports/2026/may"])
def test_configured_folders_and_what_is_below_are_allowed(tmp_path: Path, place: str) -> None:
    assert check_destination(settings_in(tmp_path), str(tmp_path / place)) == str(tmp_path / place)


@pytest.mark.parametrize("place", ["home", "reports/../elsewhere", "reports2", "home/exports/../../elsewhere"])
def test_other_folders_are_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(OrderhouseError, match="export_destinations"):
        check_destination(settings_in(tmp_path), str(tmp_path / place))


def test_link_out_of_a_configured_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "out").symlink_to(tmp_path)
    with pytest.raises(OrderhouseError):
        check_destination(settings_in(tmp_path), str(tmp_path / "reports" / "out" / "x"))


def test_store_is_allowed_by_bucket_folder_and_options(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    good = "s3://shop/exports/may?region=eu-west-1"
    assert check_destination(settings, good) == good
    for bad in (
        "s3://shop/exports/may",
        "s3://shop/exports/may?region=eu-west-1&endpoint_override=attacker.example",
        "s3://shop/exports/../private?region=eu-west-1",
        "s3://shop/exports2?region=eu-west-1",
        "s3://attacker/exports?region=eu-west-1",
    ):
        with pytest.raises(OrderhouseError):
            check_destination(settings, bad)
