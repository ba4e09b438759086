"""Tests that the committed sample equals the output of its command."""

from __future__ import annotations

from pathlib import Path

from orderhouse.simulate.sample import make_sample

from tests.simulate.worlds import fingerprints

_SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def test_the_committed_sample_is_what_its_call_makes(tmp_path: Path) -> None:
    make_sample(tmp_path)
    assert fingerprints(_SAMPLE) == fingerprints(tmp_path)


def test_the_sample_stays_small() -> None:
    assert sum(path.stat().st_size for path in _SAMPLE.rglob("*") if path.is_file()) < 5_000_000
