"""What a campaign would be, before there is one: over the catalog, on the command line, over the API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.store import CatalogStore
from kaido.cli.main import kaido
from kaido.control import read_spec
from kaido.errors import InvalidInputError, KaidoError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kaido.control import Campaigns
    from kaido.control.checking import Fit
    from kaido.runtime.settings import Settings
    from kaido.store import Store

CAR = DecoderManifest.of(
    "car",
    [
        CanSignal("Vehicle.Speed", 0x100, 0, 16, unit="km/h"),
        CanSignal("Vehicle.IsMoving", 0x100, 16, 1),
        CanSignal("Vehicle.LowVoltageSystemState", 0x102, 0, 8),
    ],
)
LEAST: dict[str, Any] = {"name": "fast", "signals": ["Vehicle.Speed"], "condition": "Vehicle.Speed > 60 mph"}


@pytest.fixture
def fits(campaigns: Campaigns, store: Store) -> Callable[..., dict[str, Fit]]:
    CatalogStore(store).save_manifest("acme", CAR)

    def check(**changes: Any) -> dict[str, Fit]:
        return {fit.manifest: fit for fit in campaigns.fits("acme", read_spec({**LEAST, **changes}))}

    return check


def test_each_manifest_is_told_by_itself(fits: Callable[..., dict[str, Fit]]) -> None:
    found = fits(condition="Vehicle.Speed > 60 mph and not Vehicle.IsMoving", before=100)
    assert found["leaf"].reason == found["zoe"].reason == "its manifest has no signal Vehicle.IsMoving"
    car = found["car"]
    assert car.reason is None
    assert (car.signals, car.condition_only, car.ring_samples, car.memory_bytes) == (1, 1, 100, 1_600)
    assert car.condition == "Vehicle.Speed > 96.56064 and not Vehicle.IsMoving"
    assert car.document_bytes > 50
    assert car.notes == ()


def test_what_is_over_is_refused_as_when_it_is_created(
    campaigns: Campaigns, fits: Callable[..., dict[str, Fit]]
) -> None:
    assert fits(expiry="2020-01-01T00:00:00Z")["car"].reason is None  # a recorded drive can still be asked
    with pytest.raises(InvalidInputError, match="over before it begins"):
        campaigns.check("acme", read_spec({**LEAST, "expiry": "2020-01-01T00:00:00Z"}))


def test_by_the_clock_it_says_what_matches(fits: Callable[..., dict[str, Fit]]) -> None:
    found = fits(condition="Vehicle.Speed > 1", signals=["*"])
    assert {name: fit.signals for name, fit in found.items()} == {"car": 3, "leaf": 3, "zoe": 2}


def test_what_a_stock_agent_does_not_take_is_noted(fits: Callable[..., dict[str, Fit]], store: Store) -> None:
    deep = " + ".join(["Vehicle.Speed"] * 10) + " > 5"
    assert "has 11 levels; a stock FleetWise edge agent takes 10" in fits(condition=deep)["car"].notes[0]
    assert fits(before=100_000)["car"].notes == ()
    wide = DecoderManifest.of("car", [CanSignal(f"Vehicle.Speed{n or ''}", 0x100 + n, 0, 8) for n in range(14)])
    CatalogStore(store).save_manifest("acme", wide)
    [note] = fits(before=100_000, signals=["*"], condition="Vehicle.Speed > 1")["car"].notes
    assert note == "a stock FleetWise edge agent has 20 MiB for all its rings together"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"condition": "Vehicle.Sped > 1"}, "the campaign's condition, column 1 of"),
        ({"condition": "Vehicle.Speed > 5 celsius"}, "celsius and km/h are of different quantities"),
        ({"condition": "Vehicle.Speed"}, "Vehicle.Speed is a number, not a condition"),
        ({"condition": "Vehicle.LowVoltageSystemState"}, "is a string, not a condition"),
        ({"condition": "Vehicle.IsMoving == 1"}, "a boolean is compared with a number"),
        ({"condition": "nearby(1)"}, "no function 'nearby'. Declare it in the campaign, under 'functions'"),
        ({"condition": "last_window_avg(Vehicle.Speed) > 1"}, "asks for windows of Vehicle.Speed"),
        ({"condition": "Vehicle.LowVoltageSystemState == 'ON'"}, "no vehicle could run the campaign 'fast'"),
        (
            {"partitions": [{"name": "a", "maximum_size": 1, "upload": "Vehicle.Speed + 1"}]},
            "campaign's partitions[0].upload: Vehicle.Speed + 1 is a number",
        ),
        (
            {"fetch": [{"signal": "Vehicle.Speed", "every": "1s", "actions": ["ask('x')"]}]},
            "campaign's fetch[0].actions[0], column 1",
        ),
        (
            {"fetch": [{"signal": "Vehicle.Range", "every": "1s", "actions": ["abs(1)"]}]},
            "fetch[0] fetches Vehicle.Range for nothing",
        ),
    ],
)
def test_what_makes_no_sense_is_told(
    fits: Callable[..., dict[str, Fit]], campaigns: Campaigns, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        fits(**changes)
    assert says in str(caught.value)
    with pytest.raises(InvalidInputError):
        campaigns.create("acme", {**LEAST, **changes})
    assert campaigns.list("acme") == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"condition": "Vehicle.Exterior.AirTemperature > 5"}, "which no decoder manifest has"),
        ({"fetch": [{"signal": "Vehicle.Rang", "every": "1s", "actions": ["abs(1)"]}]}, "Did you mean Vehicle.Range"),
        ({"signals": ["Vehicle.Sped"]}, "no signal 'Vehicle.Sped'"),
    ],
)
def test_signals_that_no_vehicle_has_are_told(
    fits: Callable[..., dict[str, Fit]], changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(NotFoundError) as caught:
        fits(**changes)
    assert says in str(caught.value)


def run(settings: Settings, *arguments: str) -> str:
    result = CliRunner().invoke(kaido, ["--data", str(settings.data), "campaign", "check", *arguments])
    if isinstance(result.exception, KaidoError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.usefixtures("fits")
def test_on_the_command_line(
    settings: Settings, campaigns: Campaigns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    file = tmp_path / "fast.yaml"
    file.write_text("name: fast\nsignals: [Vehicle.Speed]\ncondition: Vehicle.Speed > 60 mph and Vehicle.IsMoving\n")
    told = run(settings, str(file))
    assert "car: sends when Vehicle.Speed > 96.56064 and Vehicle.IsMoving" in told
    assert "zoe: its manifest has no signal Vehicle.IsMoving" in told
    found = json.loads(run(settings, str(file), "--json"))
    assert {one["manifest"]: one["runs"] for one in found["manifests"]} == {"car": True, "leaf": False, "zoe": False}
    assert found["spec"]["condition"].startswith("Vehicle.Speed > 60 mph")
    assert campaigns.list("acme") == []
    file.write_text(json.dumps({**LEAST, "condition": "Vehicle.Speed >"}))
    with pytest.raises(InvalidInputError, match="column 16"):
        run(settings, str(file))
