"""Dry runs and estimates over the API and on the command line."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.store import CatalogStore
from kaido.cli.main import kaido
from kaido.company import Companies, Vehicles
from kaido.control import read_spec
from kaido.errors import InvalidInputError, KaidoError, NotFoundError, TooLargeError
from kaido.lake import Lake
from kaido.rehearsal import fleet_of
from kaido.runtime import clock
from kaido.runtime.settings import load
from kaido.store import Store
from tests.rehearsal.drives import CAR, SPEED, rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CAMPAIGN = f"""name: fast
signals: [{SPEED}]
condition: {SPEED} > 100
trigger: rising_edge
expiry: 2030-01-01T00:00:00Z
"""
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
YESTERDAY = NOON - timedelta(hours=28)


@pytest.fixture(autouse=True)
def _no_midnight_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A company with a car that has driven yesterday, twice above 100."""
    settings = load(data=tmp_path / "data")
    settings.data.mkdir()
    store = Store.open(settings.database)
    Companies(store, settings).create("acme")
    CatalogStore(store).save_manifest("acme", CAR)
    vehicles = Vehicles(store)
    vehicles.register("acme", "car-1", model="car", market="JP")
    vehicles.register("acme", "car-2", model="car", market="US")
    store.close()
    begin = int(YESTERDAY.timestamp()) * 1_000_000
    times = [begin + 1_000_000 * second for second in range(120)]
    speeds = [120.0 if second in {30, 60} else 50.0 for second in range(120)]
    Lake(settings.lake, "acme").append(rows("car-1", SPEED, times, speeds), app_id="test", version=1)
    (tmp_path / "fast.yaml").write_text(CAMPAIGN)
    lines = []
    for second, speed in enumerate(speeds):
        raw = round(speed * 100).to_bytes(2, "little").hex().upper()
        lines.append(f"({1_750_000_000 + second}.000000) can0 100#{raw}000000000000\n")
    (tmp_path / "drive.log").write_text("".join(lines))
    return tmp_path


@pytest.fixture
def command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.chdir(folder)

    def run(*arguments: str) -> Any:
        done = CliRunner().invoke(kaido, ["--data", str(folder / "data"), "campaign", *arguments])
        if done.exception:
            raise done.exception
        return json.loads(done.stdout) if "--json" in arguments else done.output

    return run


def test_a_dry_run(command: Callable[..., Any], folder: Path) -> None:
    found = command("dry-run", "fast.yaml", "drive.log", "--json")
    assert [one["time"] for one in found["firings"]] == ["2025-06-15T15:07:10Z", "2025-06-15T15:07:40Z"]
    assert [one["values"] for one in found["firings"]] == [{SPEED: 120}] * 2
    assert (found["name"], found["manifest"], found["kind"], found["frames"]) == ("fast", "car", "candump", 120)
    assert found["comparisons"] == [
        {"text": f"{SPEED} > 100", "held": pytest.approx(2 / 119), "left": [50, 120], "right": [100, 100]}
    ]
    assert not list((folder / "data" / "tmp").iterdir())
    said = command("dry-run", "fast.yaml", "drive.log", "--limit", "1")
    assert "2025-06-15T15:07:10Z" in said
    assert "… and 1 more" in said
    assert "the condition held for 1.68 % of the time" in said
    assert f"{SPEED} > 100: for 1.68 % of the time; left side 50 to 120" in said


def test_one_that_never_fires_says_so(command: Callable[..., Any], folder: Path) -> None:
    (folder / "fast.yaml").write_text(CAMPAIGN.replace("100", "130"))
    said = command("dry-run", "fast.yaml", "drive.log")
    assert "it never fires" in said
    assert f"{SPEED} > 130: for 0 % of the time; left side 50 to 120" in said


def test_an_estimate(command: Callable[..., Any]) -> None:
    found = command("estimate", "fast.yaml", "--days", "3", "--json")
    assert (found["vehicles"], found["possible"], found["evaluated"], found["evaluated_vehicles"]) == (2, 8, 1, 1)
    assert found["events"]["mean"] == 2
    assert 0 < found["today_share"] <= 1
    assert found["data_share"] == pytest.approx(2 / 1_440)
    said = command("estimate", "fast.yaml", "--vehicle", "car-1")
    assert "1 vehicle-days of 1 vehicles; 1 of 8 have history" in said
    assert re.search(r"1, over 7 days and [\d.]+ h of today", said)
    assert "note: today is in it until " in said
    assert "2 (0.3" in said
    assert "note: it rests on 1 vehicle" in said
    assert command("estimate", "fast.yaml", "--vehicle", "car-2", "--json")["events"] is None
    assert command("estimate", "fast.yaml", "--until", "2020-01-01", "--json")["evaluated"] == 0
    yesterdays = command("estimate", "fast.yaml", "--until", NOON.date().isoformat(), "--json")
    assert (yesterdays["days"], yesterdays["possible"], yesterdays["today_share"]) == (7, 14, None)
    assert not any("today" in note for note in yesterdays["notes"])


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (["estimate", "fast.yaml", "--vehicle", "car-3"], NotFoundError, "car-3"),
        (["estimate", "fast.yaml", "--until", "someday"], InvalidInputError, "until"),
        (["estimate", "none.yaml"], InvalidInputError, "cannot be read"),
        (["dry-run", "fast.yaml", "none.log"], NotFoundError, "none.log is not there"),
        (["dry-run", "fast.yaml", "fast.yaml"], InvalidInputError, "fast.yaml"),
        (["dry-run", "fast.yaml", "drive.log", "--manifest", "bike"], NotFoundError, "bike"),
        (["dry-run", "drive.log", "drive.log"], InvalidInputError, "holds no campaign"),
        (["dry-run", "long.yaml", "drive.log"], TooLargeError, "long.yaml is too long"),
        (["dry-run", "wrong.yaml", "drive.log"], KaidoError, "Vehicle.Sped"),
    ],
)
def test_what_cannot_be(
    command: Callable[..., Any], folder: Path, arguments: list[str], error: type[KaidoError], says: str
) -> None:
    (folder / "long.yaml").write_text(CAMPAIGN.replace("]", f"{''.join(f', {SPEED}{n}' for n in range(3_000))}]"))
    (folder / "wrong.yaml").write_text(CAMPAIGN.replace("Speed >", "Sped >"))
    with pytest.raises(error) as caught:
        command(*arguments)
    assert says in str(caught.value)


def test_several_manifests_are_asked_about(command: Callable[..., Any], folder: Path) -> None:
    settings = load(data=folder / "data")
    store = Store.open(settings.database)
    catalog, vehicles = CatalogStore(store), Vehicles(store)
    catalog.save_manifest("acme", DecoderManifest.of("van", [CanSignal(SPEED, 0x200, 0, 16)]))
    catalog.save_manifest("acme", DecoderManifest.of("bike", [CanSignal("Vehicle.Range", 0x200, 0, 16)]))
    vehicles.register("acme", "bike-1", model="bike")
    vehicles.register("acme", "old-1", model="tram")
    with pytest.raises(InvalidInputError, match="2 decoder manifests could run the campaign"):
        command("dry-run", "fast.yaml", "drive.log")
    assert command("dry-run", "fast.yaml", "drive.log", "--manifest", "van", "--json")["triggers"] == 0
    with pytest.raises(InvalidInputError, match="vehicles of manifest bike could not run the campaign"):
        command("dry-run", "fast.yaml", "drive.log", "--manifest", "bike")

    base = {"name": "fast", "signals": [SPEED], "condition": f"{SPEED} > 100"}
    everyone = fleet_of(read_spec(base), "acme", catalog, vehicles)
    assert set(everyone.runs) == {"car-1", "car-2"}
    assert everyone.notes == (
        "1 vehicles are left out: its manifest has none of the signals",
        "1 vehicles are left out: it has no decoder manifest",
    )
    some = fleet_of(
        read_spec({**base, "targets": {"market": "JP", "where": f"{SPEED} > 5"}}), "acme", catalog, vehicles
    )
    assert set(some.runs) == {"car-1"}
    assert "is not asked" in some.notes[0]
    with pytest.raises(NotFoundError, match="no vehicle could run"):
        fleet_of(read_spec({**base, "targets": {"market": "EU"}}), "acme", catalog, vehicles)
    store.close()
