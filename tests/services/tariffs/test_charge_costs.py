"""What a charging session cost, from the lake to the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from kaido.cli.main import kaido
from kaido.lake import Lake
from kaido.runtime.settings import load
from tests.services.core.lives import Life, derived

if TYPE_CHECKING:
    from pathlib import Path


def run(data: Path, *arguments: str) -> Any:
    done = CliRunner().invoke(kaido, ["--data", str(data), *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_charge_costs_what_its_energy_does(tmp_path: Path) -> None:
    run(tmp_path, "company", "create", "acme")
    life = Life("car-1").say(0, power_state="OFF", soc=50, energy=30)
    life.say(5, charging=1, ac_current_1=10, power=2_000).say(
        65, charging=0, ac_current_1=0, power=0, soc=53, energy=32
    )
    life.say(90, soc=53)
    Lake(load(data=tmp_path).lake, "acme").append(life.rows(), app_id="test", version=1)
    run(tmp_path, "energy", "derive")
    (charge,) = run(tmp_path, "charges")
    found = run(tmp_path, "charge", "cost", charge["id"], "--tariff", "example-mx-blocks", "--used", "80")
    energy_kwh = (charge["energy_wall_wh"] or charge["energy_battery_wh"] / 0.9) / 1_000
    assert found["energy_wh"] == pytest.approx(1_000 * energy_kwh, rel=1e-3)
    assert found["amount"] == pytest.approx(1.2 * found["energy_wh"] / 1_000)
    assert found["measured"] == (charge["energy_wall_wh"] is not None)
    (listed,) = run(tmp_path, "charges", "--tariff", "example-mx-blocks")
    alone = run(tmp_path, "charge", "cost", charge["id"], "--tariff", "example-mx-blocks")
    assert (listed["cost"], listed["currency"]) == (pytest.approx(alone["amount"]), "MXN")
    assert charge["cost"] is None
    shown = CliRunner().invoke(
        kaido, ["--data", str(tmp_path), "charge", "cost", charge["id"], "--tariff", "example-mx-blocks"]
    )
    assert "MXN" in shown.output
    assert "kWh" in shown.output


@pytest.mark.parametrize("voltage_from", [5, 20], ids=["measured throughout", "from the fourth slot on"])
def test_what_the_wall_gave_counts_through_a_pause(tmp_path: Path, voltage_from: int) -> None:
    run(tmp_path, "company", "create", "acme")
    life = Life("car-1").say(0, power_state="OFF", soc=50, cable=1).say(voltage_from, ac_voltage=230)
    for minute, amperes in ((5, 10), (30, 0), (60, 10), (90, 0)):
        life.say(minute, charging=amperes > 0, ac_current_1=amperes, power=200 * amperes)
    Lake(load(data=tmp_path).lake, "acme").append(life.say(120, soc=53).rows(), app_id="test", version=1)
    run(tmp_path, "energy", "derive")
    (charge,) = run(tmp_path, "charges")
    assert charge["interruptions"] == 1
    slots = derived(Lake(load(data=tmp_path).lake, "acme"), "charge_curves")
    assert [slot["energy_wall_wh"] for slot in slots[6:10]] == [0, 0, 0, 0]
    assert (slots[0]["energy_wall_wh"] is None) == (voltage_from > 5)
    found = run(tmp_path, "charge", "cost", charge["id"], "--tariff", "example-mx-blocks")
    assert found["measured"]
    assert found["energy_wh"] == pytest.approx(charge["energy_wall_wh"])
