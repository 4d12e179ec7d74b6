"""A car on a whole platform: what its buses, ECUs and programs say comes to the lake, and to the twin with its age."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pytest

from kaido.agent import Agent, AgentConfig, Endpoint, MemorySource, Software
from kaido.agent.bus import BusName
from kaido.agent.config import parse_endpoint
from kaido.agent.credentials import Credentials
from kaido.agent.diagnostics.address import EcuAddress
from kaido.agent.diagnostics.reader import EcuReader
from kaido.can.frames import Frames
from kaido.cli import asking
from kaido.errors import NotFoundError
from kaido.runtime import clock
from kaido.runtime.status import Report
from kaido.sim.ecu import SimulatedEcu, petrol_car
from tests.whole.platform_fixture import RunningPlatform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DBC = """VERSION ""

NS_ :

BS_:

BU_: Car

BO_ 256 Body: 8 Car
 SG_ Door : 0|1@1+ (1,0) [0|1] "" Car
 SG_ Speed : 8|16@1+ (0.01,0) [0|655.35] "km/h" Car
"""
DOOR, SPEED = "Car.Body.Door", "Car.Body.Speed"
POWER = "Vehicle.LowVoltageSystemState"
BUS, ENGINE = BusName("can0", "virtual", "whole-car"), EcuAddress(0x7E0, 0x7E8)
ASKED = {
    "name": "engine",
    "signals": ["Vehicle.OBD.EngineSpeed", "Vehicle.OBD.Status.DTCCount"],
    "period": "500ms",
    "include_active_dtcs": True,
    "fetch": [{"signal": "Vehicle.OBD.Status.DTCCount", "every": "1s", "actions": ["DTC_QUERY()"]}],
}
SWITCHED = {"name": "switched", "signals": [POWER, SPEED], "condition": f'{POWER} == "ON"', "trigger": "rising_edge"}


class Car(threading.Thread):
    """An agent on a bus, in a thread of its own."""

    def __init__(self, config: AgentConfig) -> None:
        super().__init__(daemon=True)
        self._config = config
        self._ready = threading.Event()
        self.software = Software()

    def run(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        self._loop, self._end, self._source = asyncio.get_running_loop(), asyncio.Event(), MemorySource()
        self._ready.set()
        report = Report("agent")
        ecus = EcuReader([BUS], report, every_s=0.3, codes_every_s=0.3, timeout_s=0.5)
        await Agent(self._config, self._source, report, ecus=ecus, software=self.software).run(self._end)

    def __enter__(self) -> Self:
        self.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self.join(60)
        assert not self.is_alive()

    def drive(self, door: int, speed: float) -> None:
        data = np.array([[door, *round(speed * 100).to_bytes(2, "little"), 0, 0, 0, 0, 0]], np.uint8)
        columns = (np.array([0x100], np.uint32), np.zeros(1, np.uint8), np.full(1, 8, np.uint8))
        frames = Frames(np.array([clock.now_us()]), np.zeros(1, np.uint16), ("can0",), *columns, data)
        asyncio.run_coroutine_threadsafe(self._source.put(frames), self._loop).result(60)


def until(look: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while True:
        with contextlib.suppress(KeyError, IndexError):
            if found := look():
                return found
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningPlatform, Car]]:
    folder = tmp_path_factory.mktemp("states")
    (folder / "car.dbc").write_text(DBC)
    (folder / "car.yaml").write_text(f"values: [{POWER}]\n")
    with RunningPlatform(folder) as platform:
        with platform.client() as api:
            api.post("/v1/companies", {"name": "acme"})
            for vehicle in ("car-1", "asleep"):
                api.post("/v1/vehicles", {"id": vehicle, "manifest": "car"})
        options = ("--namespace", "Car", "--mapping", "car.yaml", "--obd")
        platform.kaido("catalog", "import", "car.dbc", *options)
        platform.kaido("state", "create", "doors", "--signal", DOOR, "--on-change")
        platform.kaido("state", "create", "drive", "--signal", "Car.Body.*", "--period", "500ms", "--vehicle", "car-1")
        platform.kaido("vehicle", "enrol", "car-1", "--out", "credentials")
        with Car(config(platform)) as car:
            until(lambda: "succeeded" in state(platform, "deactivate", "drive"))
            yield platform, car


def config(platform: RunningPlatform) -> AgentConfig:
    found = Credentials.in_folder(platform.folder / "credentials")
    endpoint = Endpoint(*parse_endpoint(platform.record["gateway"]), found.certificate, found.key, found.ca)
    return AgentConfig("car-1", endpoint, platform.folder / "agent")


def state(platform: RunningPlatform, operation: str, name: str) -> dict[str, int]:
    """What became of it at the car."""
    with platform.client() as api:
        sent = api.post(f"/v1/state-templates/{name}/{operation}", {"vehicles": ["car-1"]})["commands"]
        return asking.counts(asking.ended(api, sent))


def values(platform: RunningPlatform) -> dict[str, dict[str, Any]]:
    with platform.client() as api:
        return {one["signal"]: one for one in asking.twin(api, "car-1")["values"]}


def test_values_on_change_on_demand_and_every_period(site: tuple[RunningPlatform, Car]) -> None:
    platform, car = site
    assert values(platform) == {}
    assert platform.kaido("state", "activate", "doors", "--vehicle", "car-1")["counts"] == {"succeeded": 1}
    car.drive(1, 50)
    until(lambda: values(platform)[DOOR]["value"] == 1.0)
    assert SPEED not in values(platform)

    time.sleep(1.5)  # so that the values have an age
    fetched = platform.kaido("state", "fetch", "car-1")
    assert fetched["outcome"] == "succeeded"
    now = {one["signal"]: one for one in fetched["values"]}
    assert (now[SPEED]["value"], now[SPEED]["unit"]) == (50.0, "km/h")
    assert all(one["age_s"] > 1.5 for one in now.values())  # as old as they are, not as the message

    assert state(platform, "deactivate", "doors") == {"succeeded": 1}
    assert platform.kaido("state", "activate", "drive", "--for", "1h")["counts"] == {"succeeded": 1}
    car.drive(0, 60)
    until(lambda: values(platform)[SPEED]["value"] == 60.0)
    shown = platform.run("twin", "car-1", "--fetch")
    assert shown.returncode == 0, shown.stderr
    assert "age" in shown.stdout.splitlines()[0]
    assert "succeeded" in shown.stderr
    assert values(platform)[DOOR]["value"] == 0.0

    rows = platform.sql(f"SELECT campaign, value FROM signals WHERE signal = '{SPEED}' ORDER BY time")
    assert {row["campaign"].partition("@")[0] for row in rows} == {"state:drive"}
    assert {row["value"] for row in rows} == {50.0, 60.0}


def test_an_edit_is_another_template_and_what_is_deleted_is_dropped(site: tuple[RunningPlatform, Car]) -> None:
    platform, car = site
    with platform.client() as api:
        wish = {"name": "edited", "signals": [DOOR], "on_change": True}
        made = api.post("/v1/state-templates", wish)
        until(lambda: state(platform, "activate", "edited") == {"succeeded": 1})
        wish = {"name": "edited", "signals": [SPEED], "period": "200ms"}
        edited = api.post("/v1/state-templates", wish, {"replace": True})
        assert edited["sync_id"] != made["sync_id"]
        until(lambda: state(platform, "activate", "edited") == {"succeeded": 1})
    car.drive(0, 70)
    until(lambda: values(platform)[SPEED]["value"] == 70.0)
    platform.kaido("state", "delete", "edited")
    with pytest.raises(NotFoundError):
        state(platform, "fetch", "edited")
    assert [one["name"] for one in platform.kaido("state", "list")] == ["doors", "drive"]


def test_a_vehicle_that_is_away_has_an_outcome_too(site: tuple[RunningPlatform, Car]) -> None:
    platform, _ = site
    asked = platform.run("state", "fetch", "asleep", "--timeout", "1s")
    assert asked.returncode == 6
    assert "expired before delivery" in asked.stderr
    unknown = platform.run("state", "fetch", "asleep", "--template", "drive")
    assert unknown.returncode == 3
    assert "it is not among the targets" in unknown.stderr


def test_what_its_ecus_answer_is_in_the_lake(site: tuple[RunningPlatform, Car]) -> None:
    platform, _ = site
    with SimulatedEcu(BUS, ENGINE, petrol_car()), platform.client() as api:
        api.post("/v1/campaigns", ASKED)
        until(lambda: values(platform)["Vehicle.OBD.EngineSpeed"]["value"] == 800)
        until(lambda: values(platform)["Vehicle.OBD.Status.DTCCount"]["value"] == 2)
        until(lambda: values(platform)["Vehicle.OBD.DTCList"]["text"] == "P0301-1A,U0100-87")
        api.post("/v1/campaigns/engine/stop", {})
    query = "SELECT DISTINCT signal, value, text FROM signals WHERE signal LIKE 'Vehicle.OBD.%' ORDER BY signal"
    until(lambda: len(platform.sql(query)) == 3)
    codes, speed, count = platform.sql(query)
    assert (codes["value"], codes["text"]) == (None, "P0301-1A,U0100-87")
    assert (count["value"], speed["value"]) == (2, 800)
    assert platform.kaido("quarantine", "list") == []


def test_a_text_triggers_and_is_kept_as_a_text(site: tuple[RunningPlatform, Car]) -> None:
    platform, car = site
    with platform.client() as api:
        api.post("/v1/campaigns", SWITCHED)
        api.post("/v1/state-templates", {"name": "power", "signals": [POWER], "on_change": True, "targets": ["car-1"]})
        until(lambda: api.get("/v1/campaigns/switched/status")["converged"] == 1)
    until(lambda: state(platform, "activate", "power") == {"succeeded": 1})
    before = clock.now_us() - 1_000_000
    for place, text in enumerate(("ACC", "ON", "ON", "START")):
        car.software.put(POWER, text, before + place * 10_000)
    until(lambda: values(platform)[POWER]["text"] == "START")
    query = f"SELECT campaign, value, text FROM signals WHERE signal = '{POWER}' ORDER BY campaign, time, text"
    until(lambda: len(rows := platform.sql(query)) >= 4 and rows)
    assert [(row["campaign"].partition("@")[0], row["value"], row["text"]) for row in platform.sql(query)] == [
        ("state:power", None, "ACC"),
        ("state:power", None, "ON"),
        ("state:power", None, "START"),
        ("switched", None, "ON"),
    ]
