"""An agent that asks a simulated ECU: values that are polled or fetched, and trouble codes in events."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING

import pytest

from kaido.agent import Agent, MemorySource
from kaido.agent.bus import BusName
from kaido.agent.diagnostics.address import EcuAddress
from kaido.agent.diagnostics.reader import EcuReader
from kaido.agent.documents import Documents
from kaido.catalog import CanSignal, DecoderManifest
from kaido.catalog.obd_pids import standard_pids
from kaido.flow import DownKind
from kaido.runtime.clock import now_ms
from kaido.runtime.status import Report
from kaido.sim.ecu import EcuState, SimulatedEcu, petrol_car
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire import snappy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kaido.agent.config import AgentConfig
    from kaido.agent.testing import Broker

    MakeConfig = Callable[..., AgentConfig]

ENGINE, GEARBOX = EcuAddress(0x7E0, 0x7E8), EcuAddress(0x7E1, 0x7E9)
MANIFEST = DecoderManifest.of("model", [CanSignal("Vehicle.Speed", 0x100, 0, 8)], obd=standard_pids())
RPM = MANIFEST.id_of("Vehicle.OBD.EngineSpeed")
COOLANT = MANIFEST.id_of("Vehicle.OBD.CoolantTemperature")
COUNT = MANIFEST.id_of("Vehicle.OBD.Status.DTCCount")
NUMBERS = itertools.count()


@pytest.fixture
def bus() -> BusName:
    return BusName("can0", "virtual", f"asking-{next(NUMBERS)}")


@pytest.fixture
def report() -> Report:
    return Report("agent")


def reader(bus: BusName, report: Report, every_s: float = 5, codes_every_s: float = 30) -> EcuReader:
    return EcuReader([bus], report, timeout_s=0.5, every_s=every_s, codes_every_s=codes_every_s)


def scheme(*signals: int, codes: bool = False) -> pb.CollectionScheme:
    one = pb.CollectionScheme(
        campaign_sync_id="c@1",
        decoder_manifest_sync_id=MANIFEST.sync_id,
        expiry_time_ms_epoch=2**62,
        include_active_dtcs=codes,
    )
    one.time_based.period_ms = 200
    for signal in signals:
        one.signal_information.add(signal_id=signal, sample_buffer_size=100)
    return one


def fetched(one: pb.CollectionScheme, signal: int, action: str) -> pb.CollectionScheme:
    call = pb.ConditionNode()
    call.function.custom.function_name = action
    when = pb.TimeBasedFetch(execution_frequency_ms=60_000, max_execution_count=1)
    one.signal_fetch_information.add(signal_id=signal, time_based=when, actions=[call])
    return one


@contextlib.asynccontextmanager
async def running(config: AgentConfig, one: pb.CollectionScheme, ecus: EcuReader) -> AsyncIterator[None]:
    kept = Documents(config.state, Report("agent"))
    kept.take(DownKind.DECODER_MANIFEST, MANIFEST.to_wire().SerializeToString())
    message = pb.CollectionSchemes(collection_schemes=[one]).SerializeToString()
    (config.state / "schemes.pb").write_bytes(message)
    agent = Agent(config, MemorySource(), ecus._report, ecus=ecus)
    stop = asyncio.Event()
    task = asyncio.create_task(agent.run(stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(30):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  # a test
            await asyncio.sleep(0.01)


def events(broker: Broker) -> list[pb.VehicleData]:
    return [pb.VehicleData.FromString(payload) for payload in broker.payloads()]


def values(broker: Broker, signal: int) -> list[float]:
    return [one.double_value for event in events(broker) for one in event.captured_signals if one.signal_id == signal]


async def test_collected_pids_are_polled_beside_signals_of_frames(
    broker: Broker, make_config: MakeConfig, bus: BusName, report: Report
) -> None:
    with SimulatedEcu(bus, ENGINE, petrol_car()) as engine:
        async with running(make_config(broker.port), scheme(RPM, COOLANT, 1), reader(bus, report, every_s=0.2)):
            await until(lambda: len(values(broker, RPM)) >= 2)
            assert set(values(broker, RPM)) == {800}
            assert set(values(broker, COOLANT)) == {83}
            engine.state.pids[0x0C] = b"\x10\x00"
            await until(lambda: 1024 in values(broker, RPM))
    assert b"\x01\x04" not in engine.asked  # nobody collects it


async def test_what_a_scheme_fetches_is_not_polled(
    broker: Broker, make_config: MakeConfig, bus: BusName, report: Report
) -> None:
    one = fetched(fetched(scheme(RPM, COUNT, codes=True), RPM, "OBD_QUERY"), COUNT, "DTC_QUERY")
    with SimulatedEcu(bus, ENGINE, petrol_car()) as engine:
        async with running(make_config(broker.port), one, reader(bus, report, every_s=0.1, codes_every_s=60)):
            await until(lambda: values(broker, RPM) == [800] and values(broker, COUNT) == [2])
            await asyncio.sleep(0.5)
    assert engine.asked.count(b"\x01\x0c") == 1
    assert report.counters['fetches_total{action="OBD_QUERY",outcome="fetched"}'] == 1


async def test_active_codes_go_with_events(
    broker: Broker, make_config: MakeConfig, bus: BusName, report: Report
) -> None:
    old = EcuState(codes={"P0700": 0x08}, speaks_uds=False)
    with SimulatedEcu(bus, ENGINE, petrol_car()) as engine, SimulatedEcu(bus, GEARBOX, old):
        ecus = reader(bus, report, every_s=0.2, codes_every_s=0.3)
        async with running(make_config(broker.port), scheme(RPM, codes=True), ecus):
            await until(lambda: any(event.HasField("dtc_data") for event in events(broker)))
            told = next(event.dtc_data for event in events(broker) if event.HasField("dtc_data"))
            assert list(told.active_dtc_codes) == ["P0301-1A", "P0700", "U0100-87"]
            assert abs(told.relative_time_ms) < 60_000
            engine.state.codes.clear()
            await until(lambda: list(events(broker)[-1].dtc_data.active_dtc_codes) == ["P0700"])
            old.codes.clear()
            await until(lambda: not events(broker)[-1].dtc_data.active_dtc_codes)  # that they are gone is told too
            assert events(broker)[-1].HasField("dtc_data")


async def test_a_scheme_that_does_not_ask_gets_no_codes(
    broker: Broker, make_config: MakeConfig, bus: BusName, report: Report
) -> None:
    with SimulatedEcu(bus, ENGINE, petrol_car()) as engine:
        async with running(make_config(broker.port), scheme(RPM), reader(bus, report, every_s=0.1, codes_every_s=0.1)):
            await until(lambda: len(events(broker)) >= 2)
    assert not any(event.HasField("dtc_data") for event in events(broker))
    assert not any(request[0] == 0x19 for request in engine.asked)


async def test_codes_alone_are_a_campaign_too(
    broker: Broker, make_config: MakeConfig, bus: BusName, report: Report
) -> None:
    with SimulatedEcu(bus, ENGINE, petrol_car()):
        async with running(make_config(broker.port), scheme(codes=True), reader(bus, report, codes_every_s=0.2)):
            await until(lambda: len(events(broker)) >= 2)
    for event in events(broker):
        assert not event.captured_signals
        assert list(event.dtc_data.active_dtc_codes) == ["P0301-1A", "U0100-87"]


async def test_state_templates_get_what_was_asked_for(
    broker: Broker, make_config: MakeConfig, bus: BusName, report: Report
) -> None:
    config = make_config(broker.port)
    template = pb.StateTemplate(sync_id="t@1", on_change=pb.OnChange(), signal_ids=[RPM])
    templates = pb.StateTemplates(
        decoder_manifest_sync_id=MANIFEST.sync_id, state_templates_to_add=[template], version=1
    )
    command = pb.CommandRequest(command_id="c1", timeout_ms=60_000, issued_timestamp_ms=now_ms())
    command.last_known_state.state_templates.add(state_template_sync_id="t@1").activate.SetInParent()
    prefix = "$aws/iotfleetwise/vehicles/car-1/last_known_states"
    with SimulatedEcu(bus, ENGINE, petrol_car()):
        async with running(config, scheme(1), reader(bus, report, every_s=0.1)):
            await until(lambda: bool(broker.connections) and bool(broker.filters))
            broker.send(f"{prefix}/config", templates.SerializeToString())
            await until(lambda: any(b"t@1" in payload for payload in broker.payloads("checkins")))
            broker.send("$aws/commands/things/car-1/executions/c1/request/protobuf", command.SerializeToString())
            await until(lambda: bool(broker.payloads("last_known_states/data")))
    told = pb.LastKnownStateData.FromString(snappy.decompress(broker.payloads("last_known_states/data")[0]))
    (state,) = told.captured_state_template_signals
    (value,) = state.captured_signals
    assert (state.state_template_sync_id, value.signal_id, value.double_value) == ("t@1", RPM, 800)


async def test_a_car_that_sleeps_is_found_when_it_wakes(
    broker: Broker, make_config: MakeConfig, bus: BusName, report: Report
) -> None:
    async with running(make_config(broker.port), scheme(RPM), reader(bus, report, every_s=0.1)):
        await until(lambda: report.gauges.get("ecus") == 0)
        assert "no ECU answers" in report.problems.get("diagnostics", "")
        with SimulatedEcu(bus, ENGINE, petrol_car()):
            await until(lambda: values(broker, RPM)[:1] == [800])
        await until(lambda: report.counters['ecu_errors_total{reason="ecu_silent"}'] >= 1)


async def test_a_bus_that_is_not_there_stops_nothing(broker: Broker, make_config: MakeConfig, report: Report) -> None:
    nowhere = BusName("can0", "socketcan", "nowhere0")
    async with running(make_config(broker.port), scheme(RPM), reader(nowhere, report, every_s=0.1)):
        await until(lambda: "nowhere0 cannot be opened" in report.problems.get("ecus", ""))
        await until(lambda: report.gauges.get("connected") == 1)


def test_codes_of_an_ecu_that_falls_silent_stay(bus: BusName, report: Report) -> None:
    ecus = reader(bus, report)
    with SimulatedEcu(bus, ENGINE, petrol_car()):
        with SimulatedEcu(bus, GEARBOX, EcuState(codes={"P0700-00": 0x08})):
            assert (found := ecus.codes())
            assert found.codes == ("P0301-1A", "P0700-00", "U0100-87")
        assert (found := ecus.codes())
        assert found.codes == ("P0301-1A", "P0700-00", "U0100-87")
    assert report.counters['ecu_errors_total{reason="ecu_silent"}'] == 1


def test_an_ecu_is_asked_by_uds_or_by_obd_and_not_by_both_each_time(bus: BusName, report: Report) -> None:
    ecus = reader(bus, report)
    with SimulatedEcu(bus, ENGINE, EcuState(codes={"P0700": 0x08}, speaks_uds=False)) as old:
        for _ in range(3):
            ecus.codes()
    assert [request[0] for request in old.asked if request[0] != 0x01] == [0x19, 0x03, 0x03, 0x03]


def test_closed_it_asks_no_more(bus: BusName, report: Report) -> None:
    ecus = reader(bus, report)
    with SimulatedEcu(bus, ENGINE, petrol_car()) as engine:
        assert ecus.values(standard_pids())
        asked = len(engine.asked)
        ecus.close()
        assert ecus.values(standard_pids()) == {}
        assert len(engine.asked) == asked
