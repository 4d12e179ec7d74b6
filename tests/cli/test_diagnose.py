"""``kaido diagnose`` against simulated ECUs on a virtual bus."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from kaido.agent.bus import BusName
from kaido.agent.diagnostics.address import EcuAddress
from kaido.agent.diagnostics.errors import EcuRefusedError
from kaido.cli.main import kaido
from kaido.errors import InvalidInputError, KaidoError, NotFoundError
from kaido.sim.ecu import EcuState, SimulatedEcu, petrol_car

if TYPE_CHECKING:
    from pathlib import Path

ENGINE, GEARBOX = EcuAddress(0x7E0, 0x7E8), EcuAddress(0x7E1, 0x7E9)


def diagnose(tmp_path: Path, bus: BusName, *arguments: str) -> str:
    line = ["--data", str(tmp_path), "diagnose", "--bus", f"{bus.interface}:{bus.channel}", *arguments]
    result = CliRunner().invoke(kaido, line)
    if isinstance(result.exception, KaidoError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_what_all_ecus_say(tmp_path: Path) -> None:
    bus = BusName("can0", "virtual", "cli-all")
    old = EcuState(codes={"P0700": 0x08}, speaks_uds=False, vin="")
    with SimulatedEcu(bus, ENGINE, petrol_car()), SimulatedEcu(bus, GEARBOX, old):
        document: dict[str, Any] = json.loads(diagnose(tmp_path, bus, "--json"))
        shown = diagnose(tmp_path, bus)
    engine, gearbox = document["ecus"]
    assert (engine["ecu"], engine["vin"], engine["speaks"]) == ("7E8", "KAID00000000SIM01", "UDS")
    assert [code["code"] for code in engine["codes"]] == ["P0301-1A", "U0100-87"]
    speed = next(value for value in engine["values"] if value["signal"] == "Vehicle.OBD.EngineSpeed")
    assert (speed["value"], speed["unit"]) == (800, "rpm")
    assert (gearbox["speaks"], [code["code"] for code in gearbox["codes"]]) == ("OBD-II", ["P0700"])
    assert "no identification number" in gearbox["wrong"][0]
    assert "P0301-1A" in shown
    assert "test failed, confirmed" in shown


def test_codes_are_cleared_only_when_asked_to(tmp_path: Path) -> None:
    bus = BusName("can0", "virtual", "cli-clear")
    with SimulatedEcu(bus, ENGINE, petrol_car()) as ecu:
        diagnose(tmp_path, bus)
        assert len(ecu.state.codes) == 2
        ecu.state.engine_runs = True
        with pytest.raises(EcuRefusedError, match="ConditionsNotCorrect"):
            diagnose(tmp_path, bus, "--ecu", "7E0", "--clear")
        ecu.state.engine_runs = False
        diagnose(tmp_path, bus, "--ecu", "7E0", "--clear")
        assert ecu.state.codes == {}


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no ECU answers on virtual:cli-nobody"):
        diagnose(tmp_path, BusName("x", "virtual", "cli-nobody"))
    with pytest.raises(InvalidInputError, match="the ECU 'engine' cannot be read"):
        diagnose(tmp_path, BusName("x", "virtual", "cli-nobody"), "--ecu", "engine")
