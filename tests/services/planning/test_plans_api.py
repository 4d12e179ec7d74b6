"""Tariffs and plans over the API and the command line."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from kaido.api import turns
from kaido.cli.main import kaido
from kaido.services.tariffs import shipped
from tests.api.conftest import app, world
from tests.services.tariffs.test_tariff_prices import flat

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.conftest import World

__all__ = ["app", "world"]

PLAN = {
    "soc_percent": 20,
    "capacity_kwh": 60,
    "target_percent": 56,
    "start": "2026-05-05T12:00:00Z",
    "departure": "07:00",
    "tariff": "example-jp-night",
    "max_power_w": 7_200,
    "efficiency": 1.0,
}
ENERGY = {"starts": ["2026-01-31T14:00:00Z"], "energy_wh": [2_000], "interval_s": 3_600}


async def test_a_tariff_s_life(world: World) -> None:
    made = await world.a.ask("POST", "/tariffs", json=flat(), status=201)
    assert await world.a.ask("POST", "/tariffs", json=flat(), status=201) == made
    problem = await world.a.ask("POST", "/tariffs", json=flat(0.5), status=409)
    assert "--replace" in problem["fix"]
    await world.a.ask("POST", "/tariffs?replace=true", json=flat(0.5), status=201)
    listed = (await world.a.ask("GET", "/tariffs"))["items"]
    assert [one["name"] for one in listed] == sorted(["made-up", *shipped.names()])
    assert [one["name"] for one in listed if not one["example"]] == ["made-up"]
    cost = await world.a.ask("POST", "/tariffs/made-up/cost", json=ENERGY)
    assert (cost["amount"], cost["currency"]) == (1.0, "USD")
    await world.b.ask("GET", "/tariffs/made-up", status=404)
    await world.a.ask("DELETE", "/tariffs/made-up", status=204)
    await world.a.ask("GET", "/tariffs/made-up", status=404)
    problem = await world.a.ask("POST", "/tariffs", json=flat() | {"name": "example-mine"}, status=422)
    assert "invented" in problem["why"]


async def test_a_plan_is_calculated_and_changes_nothing(world: World) -> None:
    made = await world.a.ask("POST", "/plans", json=PLAN)
    assert made["reaches_target"]
    assert made["energy_wall_kwh"] == pytest.approx(21.6)
    assert made["cost"]["amount"] == pytest.approx(21.6 * (27.5 - 2.1 + 3.5))
    (block,) = made["charging"]
    assert (block["start_local"], block["end_local"]) == ("2026-05-06T03:00:00+09:00", "2026-05-06T06:00:00+09:00")
    assert [one["value"] for one in made["commands"]] == [56, "2026-05-05T18:00:00.000Z", "START_TIME"]
    assert made["gap"] == 0
    again = await world.a.ask("POST", "/plans", json=PLAN | {"tariff": shipped.document("example-jp-night")})
    assert again == made


async def test_a_plan_waits_for_its_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.01)
    async with world.services.turns.one(), world.services.turns.one():
        await world.a.ask("POST", "/plans", json=PLAN, status=503)
    await world.a.ask("POST", "/plans", json=PLAN)


async def test_what_a_plan_lacks_is_named(world: World) -> None:
    await world.a.ask("POST", "/plans", json=PLAN | {"tariff": "example-jp-nihgt"}, status=404)
    for missing, fix in (("soc_percent", "--soc"), ("capacity_kwh", "--capacity")):
        wish = {name: value for name, value in PLAN.items() if name != missing}
        assert fix in (await world.a.ask("POST", "/plans", json=wish, status=422))["fix"]
    await world.a.ask("POST", "/plans", json=PLAN | {"vehicle": "nobody"}, status=404)
    await world.a.ask("POST", "/plans", json=PLAN | {"departure": "soon"}, status=422)


async def test_numbers_beyond_all_bounds_are_refused(world: World) -> None:
    late = "9999-12-31T22:00:00Z"
    plans: list[dict[str, Any]] = [
        {"used_kwh": math.inf},
        {"efficiency": math.nan},
        {"taper": [(100, math.inf)]},
        {"start": late},
    ]
    costs: list[dict[str, Any]] = [
        {"energy_wh": [math.nan]},
        {"used_kwh": math.inf},
        {"peak_kw": 1e300},
        {"starts": [late]},
    ]
    for path, wish, wrong in (("/plans", PLAN, plans), ("/tariffs/example-us-demand/cost", ENERGY, costs)):
        await world.a.ask("POST", path, json=wish)
        for one in wrong:
            text, header = json.dumps(wish | one), {"Content-Type": "application/json"}
            await world.a.ask("POST", path, content=text, headers=header, status=422)
    charge = "/charges/any/cost?tariff=example-jp-night"
    await world.a.ask("GET", charge, status=404)
    for query in ("used_kwh=inf", "used_kwh=nan", "peak_kw=1e300", "efficiency=0"):
        await world.a.ask("GET", f"{charge}&{query}", status=422)


async def test_markets_are_told(world: World) -> None:
    found = (await world.a.ask("GET", "/markets"))["items"]
    assert {"US", "JP", "CN"} <= {one["code"] for one in found}


def run(data: Path, *arguments: str, code: int = 0) -> Any:
    done = CliRunner().invoke(kaido, ["--data", str(data), *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_from_the_command_line(tmp_path: Path) -> None:
    run(tmp_path, "company", "create", "acme")
    file = tmp_path / "home.yaml"
    file.write_text(json.dumps(flat()))
    assert run(tmp_path, "tariff", "check", str(file))["name"] == "made-up"
    run(tmp_path, "tariff", "create", str(file))
    assert run(tmp_path, "tariff", "show", "made-up")["document"] == flat()
    assert run(tmp_path, "tariff", "cost", "made-up", "--energy", "10")["amount"] == pytest.approx(3.0)
    assert len(run(tmp_path, "tariff", "list")) == len(shipped.names()) + 1
    car = ["--soc", "20", "--capacity", "60", "--departure", "+12h", "--target", "50", "--max-power", "7200"]
    made = run(tmp_path, "plan", "--tariff", "made-up", *car)
    assert made["end_soc_percent"] == pytest.approx(50)
    assert run(tmp_path, "plan", "--tariff", str(file), "--on-off", *car)["end_soc_percent"] >= 50
    assert run(tmp_path, "market", "show", "jp")["currency"] == "JPY"
    run(tmp_path, "tariff", "delete", "made-up")
    people = CliRunner().invoke(kaido, ["--data", str(tmp_path), "plan", "--tariff", "example-jp-night", *car])
    assert people.exit_code == 0, people.output
    assert "kWh" in people.output
    assert "JPY" in people.output


def test_a_plan_goes_to_the_car_as_commands_that_are_the_same_when_sent_again(tmp_path: Path) -> None:
    pytest.importorskip("fastsim")
    run(tmp_path, "company", "create", "acme")
    equip(tmp_path)
    run(tmp_path, "vehicle", "register", "car-1", "--market", "JP")
    asked = ["--soc", "20", "--capacity", "60", "--departure", "+12h", "--tariff", "example-jp-night", "--target", "60"]
    first = run(tmp_path, "plan", "car-1", *asked, "--send", "--id", "tonight")
    assert [one["id"] for one in first["sent"]] == [
        f"tonight-{name}" for name in ("ChargeLimit", "Timer.Time", "Timer.Mode")
    ]
    assert first["sent"][0]["value"] == 60
    found = run(tmp_path, "command", "show", "tonight-ChargeLimit")
    assert (found["value"], found["reason"]) == (60, "charge plan")


def equip(data: Path) -> None:
    """A decoder manifest with the actuators of a simulated car."""
    from importlib.resources import as_file, files  # noqa: PLC0415

    folder = files("kaido.sim")
    with as_file(folder / "kaido_ev.dbc") as database, as_file(folder / "kaido_ev.mapping.yaml") as mapping:
        run(data, "catalog", "import", str(database), "--mapping", str(mapping), "--name", "kaido_ev")
