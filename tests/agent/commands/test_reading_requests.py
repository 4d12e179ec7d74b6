from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.agent.commands.actuators import Actuators, Order
from kaido.agent.commands.outcomes import CommandError, Outcome
from kaido.agent.commands.request import MOST_BYTES, Actuation, Command, read
from kaido.agent.commands.timing import LONGEST_MS, validity
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire.topics import FLEETWISE, KAIDO

INTEGERS = {
    f"{sign}int{bits}": (0, 2**bits - 1) if sign else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for sign in ("", "u")
    for bits in (8, 16, 32, 64)
}


@given(st.binary(max_size=200))
def test_any_bytes_are_a_command_or_refused(payload: bytes) -> None:
    with contextlib.suppress(CommandError):
        assert isinstance(read("", payload), Command)


@given(st.data())
def test_a_command_survives_the_wire(data: st.DataObject) -> None:
    datatype, (least, most) = data.draw(st.sampled_from(sorted(INTEGERS.items())))
    value = data.draw(st.integers(least, most))
    number = st.integers(0, 2**64 - 1)
    issued, timeout = data.draw(number), data.draw(number)
    signal_id = data.draw(st.integers(0, 2**32 - 1))
    asked: dict[str, Any] = {f"{datatype}_value": value}
    actuator = pb.ActuatorCommand(signal_id=signal_id, decoder_manifest_sync_id="m@1", **asked)
    request = pb.CommandRequest(command_id="c1", timeout_ms=timeout, issued_timestamp_ms=issued, actuator=actuator)
    what = Actuation(signal_id, "m@1", datatype, value)
    assert read("c1", request.SerializeToString()) == Command("c1", issued, timeout, what)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**42))
def test_whatever_the_times_a_command_never_has_more_than_its_timeout(issued: int, timeout: int, now: int) -> None:
    valid = validity(Command("c1", issued, timeout, Actuation(1, "", "boolean", True)), now)
    assert valid.ahead_s >= 0
    assert valid.expires_ms < 2**63
    if timeout == 0:
        assert valid.remaining_s is None
    else:
        assert valid.remaining_s is not None
        assert valid.remaining_s <= min(timeout, LONGEST_MS) / 1e3
        assert (valid.remaining_s <= 0) == (issued != 0 and issued + min(timeout, LONGEST_MS) <= now)


def test_a_huge_request_is_not_read() -> None:
    with pytest.raises(CommandError, match="bytes"):
        read("c1", bytes(MOST_BYTES + 1))


def test_a_long_text_is_cut() -> None:
    assert len(pb.CommandResponse.FromString(Outcome(text="x" * 5_000).response("c1")).reason_description) == 1_000


def act(_: Order) -> None:
    """An actuator."""


@pytest.mark.parametrize(
    ("registered", "wanted"),
    [
        (["*", "Vehicle.*", "Vehicle.Cabin.*"], "Vehicle.Cabin.*"),
        (["Vehicle.Cabin.*", "Vehicle.Cabin.A"], "Vehicle.Cabin.A"),
        (["Vehicle.Cabin.A", 7], 7),
        (["Vehicle.Body.*", 8], None),
        (["*.A", "*.B"], "*.A"),
    ],
)
def test_the_closest_actuator_is_responsible(registered: list[str | int], wanted: str | int | None) -> None:
    for order in (registered, registered[::-1]):
        actuators = Actuators()
        for what in order:
            actuators.register(what, act)
        found = actuators.find(7, "Vehicle.Cabin.A")
        assert (found.what if found else None) == wanted


def test_of_equals_the_last_registered_counts() -> None:
    actuators = Actuators()
    actuators.register("Vehicle.*", act, datatype="boolean")
    actuators.register("Vehicle.*", act, datatype="uint8")
    found = actuators.find(1, "Vehicle.A")
    assert found is not None
    assert found.datatype == "uint8"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, 11, "text"])
def test_what_is_out_of_range(value: Any) -> None:
    actuators = Actuators()
    actuators.register(1, act, least=0, most=10)
    found = actuators.find(1, "")
    assert found is not None
    found.check("double", 5)
    with pytest.raises(CommandError):
        found.check("double", value)


@pytest.mark.parametrize("prefixes", [FLEETWISE, KAIDO])
@given(st.text(max_size=60))
def test_a_topic_is_about_a_command_or_not(prefixes: Any, text: str) -> None:
    commands = prefixes.own("car-1")[1]
    for topic in (text, commands + text, f"{commands}executions/{text}"):
        found = prefixes.command("car-1", topic)
        assert found is None or prefixes.down("car-1", *found) == topic
