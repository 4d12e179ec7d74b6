"""Each bench runs in its short form and says what it measured; no figure's size is asserted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from kaido.bench.registry import BENCHES
from kaido.cli.main import kaido

if TYPE_CHECKING:
    from pathlib import Path

WANTED = {
    "limits": {"memory copy, one thread", "4 KiB written and fdatasync'ed"},
    "conditions": {"replay, schemes spread over the bus", "replay, all schemes on the same ten signals"},
    "decode": {"to columns, against cantools", "to rows, against cantools", "to columns, against asammdf"},
    "import": {"import"},
    "lake": {"bytes a value, a real drive", "one vehicle's hour of 5 signals"},
    "twin": {"updates"},
    "services": {"values into trips, charges and idles", "peak memory", "one more hour"},
    "plans": {"all plans of the fleet", "plans of a fleet"},
    "energy": {"range: model known, 30 days of trips, median error of p50"},
}
"""Figures that a bench must have; the benches over the network have tests of their own."""


def run(home: Path, *arguments: str) -> Any:
    done = CliRunner().invoke(kaido, ["bench", *arguments, "--home", str(home)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", WANTED)
def test_the_short_form_runs(name: str, tmp_path: Path) -> None:
    result = run(tmp_path, name, "--quick", "--no-install", "--json")
    assert result["bench"] == name
    assert result["machine"]["cores"] >= 1
    assert result["form"] == "quick"
    figures = {figure["name"]: figure for figure in result["figures"]}
    assert figures.keys() >= WANTED[name]
    for figure in figures.values():
        assert figure.keys() >= {"name", "value", "unit", "bound", "ok"}
        assert (figure["value"] is None) == ("left_out" in figure)
        assert (figure["ok"] is None) == (figure["bound"] is None or figure["value"] is None)
        assert "peer_value" not in figure or figure["ratio"] > 0
    assert not list((tmp_path / "scratch").iterdir())


def test_the_list_names_every_bench() -> None:
    done = CliRunner().invoke(kaido, ["bench", "--json"])
    assert [row["bench"] for row in json.loads(done.stdout)] == list(BENCHES)
