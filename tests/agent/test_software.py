"""What a program brings along for its agent, through a real agent: functions, fetches, actuators and values."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from kaido.agent import Agent, MemorySource, Software
from kaido.agent.conditions import Kind
from kaido.agent.documents import Documents
from kaido.agent.software import MOST_VALUES
from kaido.can.frames import Frames
from kaido.catalog import CanSignal, DecoderManifest, NamedSignal
from kaido.catalog.actuator_signal import ActuatorSignal
from kaido.errors import InvalidInputError
from kaido.flow import DownKind
from kaido.runtime.clock import now_ms
from kaido.runtime.status import Report
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire import snappy
from tests.agent.condition_helpers import message, node

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kaido.agent.commands import Order
    from kaido.agent.config import AgentConfig
    from kaido.agent.testing import Broker
    from kaido.catalog.manifest import AnySignal

    MakeConfig = Callable[..., AgentConfig]

IGNITION, PLACE, CABIN, HORN = (
    "Vehicle.LowVoltageSystemState", "Vehicle.Place", "Vehicle.Cabin.Noise", "Vehicle.Body.Horn.IsActive",
)  # fmt: skip
MANIFEST = DecoderManifest.of(
    "m",
    [CanSignal("Vehicle.Speed", 0x100, 0, 8)],
    values=[NamedSignal(IGNITION, "string"), NamedSignal(PLACE, "string"), NamedSignal(CABIN, "float", "dB")],
    actuators=[ActuatorSignal(HORN, "boolean")],
)
SPEED, STATE, WHERE, NOISE = MANIFEST.ids


def frames(speed: int, time_us: int | None = None) -> Frames:
    data = np.zeros((1, 8), np.uint8)
    data[0, 0] = speed
    flags, channel = np.zeros(1, np.uint8), np.zeros(1, np.uint16)
    times = np.array([now_ms() * 1_000 if time_us is None else time_us])
    return Frames(times, channel, ("can0",), np.array([0x100], np.uint32), flags, np.full(1, 8, np.uint8), data)


def scheme(condition: Any, *signals: int, **changes: Any) -> pb.CollectionScheme:
    return message(condition, *({"signal_id": one} for one in signals), manifest=MANIFEST.sync_id, **changes)


@contextlib.asynccontextmanager
async def running(
    config: AgentConfig, software: Software, *schemes: pb.CollectionScheme, recorded: bool = False
) -> AsyncIterator[tuple[Agent, MemorySource]]:
    kept = Documents(config.state, Report("agent"))
    kept.take(DownKind.DECODER_MANIFEST, MANIFEST.to_wire().SerializeToString())
    (config.state / "schemes.pb").write_bytes(pb.CollectionSchemes(collection_schemes=schemes).SerializeToString())
    source, stop = MemorySource(recorded=recorded), asyncio.Event()
    agent = Agent(config, source, software=software)
    task = asyncio.create_task(agent.run(stop))
    try:
        await until(lambda: agent.report.gauges.get("connected") == 1)
        yield agent, source
    finally:
        stop.set()
        async with asyncio.timeout(30):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  # a test
            await asyncio.sleep(0.01)


def told(broker: Broker) -> list[tuple[int, float | str]]:
    """What arrived, in the order of events."""
    events = [pb.VehicleData.FromString(payload) for payload in broker.payloads()]
    samples = [one for event in events for one in event.captured_signals]
    return [(one.signal_id, getattr(one, one.WhichOneof("value"))) for one in samples]


async def test_texts_are_put_compared_and_sent(broker: Broker, make_config: MakeConfig) -> None:
    software = Software()
    one = scheme(((STATE, "==", "ON"), "and", (WHERE, "!=", ("de", "+", "pot"))), STATE, WHERE, NOISE)
    async with running(make_config(broker.port), software, one) as (agent, _):
        software.put(PLACE, "street")
        software.put(CABIN, np.float64(41.5))
        software.put(IGNITION, "ACC")
        software.put(IGNITION, "ON", now_ms() * 1_000)
        await until(lambda: len(told(broker)) == 4)
        assert told(broker) == [(NOISE, 41.5), (WHERE, "street"), (STATE, "ACC"), (STATE, "ON")]
        software.put(IGNITION, 3)
        software.put(CABIN, "loud")
        software.put("Vehicle.Speed", 3)  # comes in frames
        software.put(IGNITION, "\ud800")
        software.put(CABIN, 10**400)
        await until(lambda: agent.report.counters['values_total{outcome="unfit"}'] == 4)
        assert agent.report.counters['values_total{outcome="unknown"}'] == 1
        assert agent.report.counters['values_total{outcome="heard"}'] == 4
    assert len(told(broker)) == 4


async def test_in_a_recording_they_are_as_old_as_its_newest_frame(broker: Broker, make_config: MakeConfig) -> None:
    software = Software()
    software.put(IGNITION, "ON")
    one = scheme((STATE, "==", "ON"), SPEED, STATE)
    async with running(make_config(broker.port, settle_s=0.05), software, one, recorded=True) as (_, source):
        await source.put(frames(70, time_us=1_600_000_000_000_000))
        await until(lambda: len(told(broker)) == 2)
    event = pb.VehicleData.FromString(broker.payloads()[0])
    assert event.collection_event_time_ms_epoch == 1_600_000_000_000
    assert [one.relative_time_ms for one in event.captured_signals] == [0, 0]


async def test_functions_of_single_values_and_of_columns(
    broker: Broker, make_config: MakeConfig, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[tuple[float, str]] = []

    def inside(speed: float, place: str) -> bool:
        asked.append((speed, place))
        return speed > 50 and place in {"depot", "yard"}

    software = Software()
    software.function("inside", inside, ["number", "string"])
    software.function("half", lambda column: column / 2, [Kind.NUMBER], Kind.NUMBER, columns=True)
    software.function("spoken", lambda state: f"it is {state}", ["string"], "string")
    software.function("broken", lambda speed: 1 / 0 + speed, ["number"])
    schemes = [
        scheme((("inside", SPEED, WHERE), "and", (("half", SPEED), ">", 30.0)), SPEED),
        scheme((("spoken", STATE), "==", "it is ON"), STATE),
        scheme(("broken", SPEED), SPEED),
    ]
    for number, one in enumerate(schemes):
        one.campaign_sync_id = f"c{number}@1"
    async with running(make_config(broker.port), software, *schemes) as (agent, source):
        assert len(agent._documents.held.schemes) == 3
        await source.put(frames(70))  # nobody knows where
        software.put(PLACE, "depot")
        await until(lambda: told(broker) == [(SPEED, 70.0)])
        software.put(IGNITION, "ON")
        await until(lambda: told(broker)[1:] == [(STATE, "ON")])
        await source.put(frames(40))
        await until(lambda: asked[-1] == (40.0, "depot"))
    assert asked[0] == (70.0, "depot")
    assert len(told(broker)) == 2
    assert caplog.text.count("a custom function failed") == 1


async def test_fetches_are_functions_of_the_program(broker: Broker, make_config: MakeConfig) -> None:
    def read_sensor(signal: AnySignal, parameters: tuple[float | bool | str, ...]) -> float | str | None:
        if parameters == ("broken",):
            raise RuntimeError("no such wire")
        if parameters == ("none",):
            return None
        return f"{signal.path} {parameters}" if signal.path == PLACE else parameters[0]

    software = Software()
    software.fetch("read_sensor", read_sensor)
    one = scheme(True, WHERE, NOISE, interval=2**31)
    one.ClearField("condition_based")
    one.time_based.period_ms = 100
    when = pb.TimeBasedFetch(execution_frequency_ms=60_000, max_execution_count=1)
    calls = [node(("read_sensor", argument)) for argument in ("broken", "none", 3.5)]
    one.signal_fetch_information.add(signal_id=NOISE, time_based=when, actions=calls)
    one.signal_fetch_information.add(signal_id=WHERE, time_based=when, actions=[node(("read_sensor", True))])
    async with running(make_config(broker.port), software, one) as (agent, _):
        await until(lambda: len(told(broker)) == 2)
    assert sorted(told(broker)) == [(WHERE, f"{PLACE} (True,)"), (NOISE, 3.5)]
    for outcome, count in {"failed": 1, "nothing": 1, "fetched": 2}.items():
        assert agent.report.counters[f'fetches_total{{action="read_sensor",outcome="{outcome}"}}'] == count


async def test_actuators_and_last_known_state(broker: Broker, make_config: MakeConfig) -> None:
    honked: list[Any] = []

    def honk(order: Order) -> str:
        honked.append(order.value)
        return "honk"

    software = Software()
    software.actuator(HORN, honk)
    template = pb.StateTemplate(sync_id="t@1", on_change=pb.OnChange(), signal_ids=[STATE, NOISE])
    templates = pb.StateTemplates(
        decoder_manifest_sync_id=MANIFEST.sync_id, state_templates_to_add=[template], version=1
    )
    activate = pb.CommandRequest(command_id="c1", timeout_ms=60_000, issued_timestamp_ms=now_ms())
    activate.last_known_state.state_templates.add(state_template_sync_id="t@1").activate.SetInParent()
    horn = pb.CommandRequest(command_id="c2", timeout_ms=60_000, issued_timestamp_ms=now_ms())
    horn.actuator.CopyFrom(
        pb.ActuatorCommand(
            signal_id=MANIFEST.actuator_id_of(HORN), decoder_manifest_sync_id=MANIFEST.sync_id, bool_value=True
        )
    )
    requests = "$aws/commands/things/car-1/executions"
    async with running(make_config(broker.port), software) as (agent, _):
        await until(lambda: bool(broker.filters))
        broker.send("$aws/iotfleetwise/vehicles/car-1/last_known_states/config", templates.SerializeToString())
        await until(lambda: any(b"t@1" in payload for payload in broker.payloads("checkins")))
        software.put(IGNITION, "ON")
        software.put(CABIN, 40)
        await until(lambda: agent.report.counters['values_total{outcome="heard"}'] == 2)
        broker.send(f"{requests}/c1/request/protobuf", activate.SerializeToString())
        broker.send(f"{requests}/c2/request/protobuf", horn.SerializeToString())
        await until(lambda: len(states(broker)) == 2 and len(broker.payloads("response/protobuf")) == 2)
    assert honked == [True]
    assert sorted(states(broker)) == [(STATE, "string_value", "ON"), (NOISE, "float_value", 40.0)]


def states(broker: Broker) -> list[tuple[int, str, Any]]:
    found = []
    for payload in broker.payloads("last_known_states/data"):
        data = pb.LastKnownStateData.FromString(snappy.decompress(payload))
        for one in (signal for part in data.captured_state_template_signals for signal in part.captured_signals):
            kind = one.WhichOneof("value")
            assert kind is not None
            found.append((one.signal_id, kind, getattr(one, kind)))
    return found


def test_what_cannot_be_registered_or_put_is_told_so() -> None:
    software = Software()
    with pytest.raises(InvalidInputError, match="every agent has one of this name"):
        software.function("abs", abs)
    with pytest.raises(InvalidInputError, match="the function 'f' cannot be"):
        software.function("f", abs, ["integer"])
    with pytest.raises(InvalidInputError, match="cannot be None"):
        software.put("Vehicle.Speed", None)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(InvalidInputError, match="has the time -1"):
        software.put("Vehicle.Speed", 1, -1)


def test_values_that_nobody_takes_are_bounded() -> None:
    software = Software()
    for number in range(MOST_VALUES + 3):
        software.put("a", number)
    taken, dropped = software.take()
    assert (len(taken), dropped, taken[0][1]) == (MOST_VALUES, 3, 3)
    assert software.take() == ([], 0)
