"""``kaido campaign`` on a bare folder."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from kaido.cli.main import kaido
from kaido.control.answers import Vehicle
from kaido.control.checkins import Checkins
from kaido.errors import ConflictError, InvalidInputError, KaidoError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kaido.runtime.settings import Settings
    from kaido.store import Store

    Run = Callable[..., str]

LEAST = ("--name", "speed", "--signal", "Vehicle.Speed", "--period", "1s")


@pytest.fixture
def run(store: Store, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    del store  # it has to be there
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)

    def call(*arguments: str, of: str = "campaign") -> str:
        result = CliRunner().invoke(kaido, ["--data", str(settings.data), of, *arguments])
        if isinstance(result.exception, KaidoError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    return call


def created(run: Run, *arguments: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(run("create", *arguments, "--json"))
    return made


def test_from_options(run: Run) -> None:
    made = created(run, *LEAST, "--every-sample", "--model", "leaf", "--market", "JP", "--priority", "2")
    assert (made["name"], made["state"]) == ("speed", "running")
    assert made["spec"]["targets"] == {"model": "leaf", "market": "JP"}
    assert (made["spec"]["every_sample"], made["spec"]["priority"]) == (True, 2)


def test_from_a_file_that_options_change(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "campaign.yaml"
    file.write_text("name: wheels\nsignals: ['*.Wheel.*']\nperiod: 500ms\ntargets: all\n")
    made = created(run, str(file), "--name", "left", "--vehicle", "leaf-1")
    assert made["spec"] == {
        "name": "left",
        "signals": ["*.Wheel.*"],
        "period": "500ms",
        "every_sample": False,
        "targets": ["leaf-1"],
        "compression": True,
        "persistence": True,
        "priority": 0,
    }


def test_its_life(run: Run) -> None:
    created(run, *LEAST)
    assert "Vehicle.Speed" in run("list")
    assert "period" in run("show", "speed")
    assert json.loads(run("stop", "speed", "--json"))["state"] == "stopped"
    with pytest.raises(ConflictError, match="it is stopped"):
        created(run, *LEAST)
    run("delete", "speed", "--yes")
    assert json.loads(run("list", "--json")) == []


def test_a_list_says_when_vehicles_send(run: Run, tmp_path: Path) -> None:
    created(run, *LEAST)
    file = tmp_path / "fast.yaml"
    file.write_text("name: fast\nsignals: [Vehicle.Speed]\ncondition: Vehicle.Speed > 100\n")
    created(run, str(file))
    listed = run("list")
    assert "every 1s" in listed
    assert "Vehicle.Speed > 100" in listed


def test_vehicles_that_are_not_registered(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "speed.yaml"
    text = "name: speed\nsignals: [Vehicle.Speed]\nperiod: 1s\ntargets: [leaf-1, laef-2, car-9]\n"
    file.write_text(text)
    for action in ("check", "create"):
        with pytest.raises(
            NotFoundError, match=r"not registered: laef-2, car-9: 2 of 3\. .*leaf-2.*unregistered: true"
        ):
            run(action, str(file))
    file.write_text(text + "rollout: {waves: [{vehicles: [leaf-3]}]}\nunregistered: true\n")
    found = json.loads(run("check", str(file), "--json"))
    assert found["notes"] == ["it names 3 vehicles that are not registered yet: laef-2, car-9, leaf-3"]
    created(run, str(file))
    assert "it names 3 vehicles that are not registered: laef-2, car-9, leaf-3" in run("status", "speed")
    file.write_text(text)
    with pytest.raises(NotFoundError, match="laef-2"):
        run("edit", "speed", str(file))


def test_the_status_names_what_the_lake_holds(run: Run, store: Store) -> None:
    created(run, *LEAST)
    compiled = json.loads(run("status", "speed", "--json"))["compiled"]
    assert {(one["manifest"], one["version"], one["wanted"], one["held"]) for one in compiled} == {
        ("leaf", 1, 2, 0),
        ("zoe", 1, 1, 0),
    }
    for one in compiled:
        assert one["sync_id"] in run("status", "speed")
    leaf = compiled[0]["sync_id"]
    Checkins(store).save([(("acme", "leaf-1"), Vehicle(frozenset({leaf, "speed@before", "other@1"}), time.time()))])
    later = json.loads(run("status", "speed", "--json"))["compiled"]
    assert {(one["sync_id"], one["manifest"], one["held"]) for one in later} >= {
        (leaf, "leaf", 1),
        ("speed@before", None, 1),
    }


def test_a_vehicle_and_all_its_campaigns(run: Run, store: Store) -> None:
    created(run, *LEAST)
    created(run, "--name", "zoes", "--signal", "Vehicle.Speed", "--period", "1s", "--model", "zoe")
    created(run, "--name", "japan", "--signal", "Vehicle.Speed", "--period", "1s", "--market", "JP", "--draft")
    Checkins(store).save([(("acme", "leaf-1"), Vehicle(frozenset({"zoes@old"}), time.time()))])
    found = json.loads(run("campaigns", "leaf-1", "--json", of="vehicle"))
    assert [(one["campaign"], one["state"], one["reason"]) for one in found] == [
        ("japan", "draft", "dropped"),
        ("speed", "running", "other_manifest"),
        ("zoes", "running", "due"),
    ]
    assert "still holds zoes@old" in run("campaigns", "leaf-1", of="vehicle")
    with pytest.raises(NotFoundError):
        run("campaigns", "leaf-9", of="vehicle")


def test_an_end_that_has_passed(run: Run) -> None:
    created(run, *LEAST)
    with pytest.raises(InvalidInputError, match=r"cannot be extended to 2020-01-01.*that was \d+ d ago; it is 20"):
        run("extend", "speed", "--until", "2020-01-01T00:00:00Z")


def test_clear_answers(run: Run, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no signal 'Vehicle\.Sped'.*Vehicle\.Speed"):
        created(run, "--name", "x", "--signal", "Vehicle.Sped", "--period", "1s")
    with pytest.raises(InvalidInputError, match="neither `period` nor `condition`"):
        created(run, "--name", "x", "--signal", "Vehicle.Speed")
    with pytest.raises(NotFoundError, match="no campaign 'x'"):
        run("show", "x")
    with pytest.raises(InvalidInputError, match="cannot be read: No such file"):
        created(run, str(tmp_path / "none.yaml"))
    (tmp_path / "bad.yaml").write_text("name: [")
    with pytest.raises(InvalidInputError, match=r"bad\.yaml is neither YAML nor JSON.*line 1"):
        created(run, str(tmp_path / "bad.yaml"))
    (tmp_path / "list.yaml").write_text("- a")
    with pytest.raises(InvalidInputError, match="holds no campaign"):
        created(run, str(tmp_path / "list.yaml"))


def test_its_whole_life_with_reasons(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "campaign.yaml"
    file.write_text(
        "name: speed\nsignals: [Vehicle.Speed]\nperiod: 1s\n"
        "rollout: {waves: [{vehicles: [leaf-1], lasts: 1d}, {percent: 100}], limits: {bytes: 10MB}}\n"
    )
    assert created(run, str(file), "--draft")["state"] == "draft"
    run("start", "speed", "--reason", "the test bench is ready")
    file.write_text(file.read_text().replace("period: 1s", "period: 2s"))
    assert json.loads(run("edit", "speed", str(file), "--reason", "too much data", "--json"))["version"] == 2
    shown = run("status", "speed")
    assert "version 2" in shown
    assert re.search(r"running for \d+ s: too much data", shown)
    assert re.search(r"1 of 2 \(named vehicles\) for \d+ s, the next in 24 h; the others keep version 1", shown)
    assert "10MB a vehicle and hour; 0 vehicles beyond them are tolerated" in shown
    assert "0 events, 0 B from 0 vehicles" in shown
    assert "never_seen  never checked in" in shown
    assert [one["vehicle"] for one in json.loads(run("vehicles", "speed", "--json"))] == ["leaf-1", "leaf-2", "zoe-1"]
    run("advance", "speed")
    run("suspend", "speed")
    run("resume", "speed")
    extended = json.loads(run("extend", "speed", "--until", "2099-01-01T00:00:00Z", "--json"))
    assert (extended["version"], extended["spec"]["expiry"]) == (3, "2099-01-01T00:00:00Z")
    run("stop", "speed")
    history = json.loads(run("history", "speed", "--json"))
    assert [one["what"] for one in history][-3:] == ["edited", "started", "created"]
    assert history[-2]["why"] == "the test bench is ready"
    assert json.loads(run("history", "speed", "--version", "1", "--json"))["spec"]["period"] == "1s"


def test_targets_by_a_condition(run: Run) -> None:
    made = created(run, *LEAST, "--where", "Vehicle.Speed > 100", "--model", "leaf")
    assert made["spec"]["targets"] == {"model": "leaf", "where": "Vehicle.Speed > 100"}
    assert "the twin was not asked yet for which vehicles holds: Vehicle.Speed > 100" in run("status", "speed")
