"""``kaido sql``, ``signals`` and ``quarantine`` on a bare folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from kaido.cli.main import main
from kaido.lake import Lake
from tests.lake.samples import quarantined, samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    def once(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["kaido", *arguments])
        monkeypatch.setenv("KAIDO_DATA", str(tmp_path / "data"))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        code = 0
        try:
            main()
        except SystemExit as left:
            code = int(left.code or 0)
        shown = capfd.readouterr()
        return code, shown.out, shown.err

    assert once("company", "create", "acme")[0] == 0
    assert once("vehicle", "register", "car-0")[0] == 0
    lake = Lake(tmp_path / "data" / "lake", "acme")
    lake.append(samples(300), app_id="test", version=1)
    lake.quarantine(quarantined(["q1", "q2"]), app_id="test", version=1)
    return once


def test_sql(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    sql = "SELECT vehicle, count(*) AS n FROM signals GROUP BY vehicle ORDER BY vehicle"
    code, out, _ = run("sql", sql)
    assert (code, out.split()[:4]) == (0, ["vehicle", "n", "car-0", "100"])
    assert json.loads(run("sql", sql, "--json")[1])[0] == {"vehicle": "car-0", "n": 100}
    assert run("sql", sql, "--csv")[1].startswith("vehicle,n\ncar-0,100\n")
    assert run("sql", sql, "-o", str(tmp_path / "x.parquet"))[0] == 0
    assert pl.read_parquet(tmp_path / "x.parquet")["n"].to_list() == [100] * 3
    assert json.loads(run("sql", "SELECT 1 AS a WHERE false", "--json")[1]) == []


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("sql", "SELEC"), 4, "line 1, column 1"),
        (("sql", "SELECT * FROM signal"), 3, "Did you mean signals?"),
        (("sql", "COPY signals TO 'x'"), 7, "only queries"),
        (("sql", "SELECT 1", "-o", "x.xls"), 4, "no known ending"),
        (("sql", "SELECT 1", "-o", "/nowhere/x.csv"), 6, "cannot be written"),
        (("signals", "car-9", "Vehicle.Speed"), 3, "Did you mean car-0?"),
        (("signals", "car-0", "Vehicle.Speed", "--start", "soon"), 4, "is no time"),
        (("quarantine", "show", "q9"), 3, "no payload 'q9'"),
        (("quarantine", "drop"), 2, "IDS, or --all"),
        (("quarantine", "replay", "--all"), 6, "kaido up"),
    ],
)
def test_errors(run: Callable[..., tuple[int, str, str]], arguments: tuple[str, ...], code: int, text: str) -> None:
    left, _, err = run(*arguments)
    assert left == code, err
    assert text in err
    assert "Traceback" not in err


def test_signals(run: Callable[..., tuple[int, str, str]]) -> None:
    rows = json.loads(run("signals", "car-0", "Vehicle.Test.*", "--points", "4", "--json")[1])
    assert {row["signal"] for row in rows} == {f"Vehicle.Test.S{n}" for n in range(5)}
    assert len(rows) <= 20
    assert run("signals", "car-0", "Vehicle.Test.S0", "--format", "csv")[1].count("\n") == 21


def test_quarantine(run: Callable[..., tuple[int, str, str]]) -> None:
    assert [row["id"] for row in json.loads(run("quarantine", "list", "--json")[1])] == ["q2", "q1"]
    assert json.loads(run("quarantine", "show", "q1", "--json")[1])["payload"] == "0102"
    assert "1 payload deleted" in run("quarantine", "drop", "q1")[2]
    assert json.loads(run("quarantine", "drop", "--all", "--json")[1]) == {"dropped": 1}
    assert "empty" in run("quarantine", "list")[2]
