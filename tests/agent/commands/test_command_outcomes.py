"""What becomes of a command, as the cloud sees it. Reason codes are FleetWise's."""

from __future__ import annotations

import asyncio
import random
import threading
from typing import TYPE_CHECKING, Any

import pytest

from kaido.agent.commands import CommandError, desk
from kaido.runtime import clock
from kaido.wire import kaido_wire_pb2 as pb
from tests.agent.commands.conftest import HORN, HVAC, LIMIT, MANIFEST, Response, Site, request

if TYPE_CHECKING:
    from kaido.agent.commands import Order

SUCCEEDED, TIMED_OUT, FAILED = Response.SUCCEEDED, Response.EXECUTION_TIMEOUT, Response.EXECUTION_FAILED


async def test_it_is_carried_out_and_answered(site: Site) -> None:
    assert await site.ask(request(value=True)) == (SUCCEEDED, 0)
    (order,) = site.recorder.orders
    assert (order.path, order.value, order.datatype, order.command_id) == (HVAC, True, "boolean", "c1")
    assert order.remaining_s is not None
    assert 0 < order.remaining_s <= 60


@pytest.mark.parametrize(
    ("field", "datatype", "value"),
    [
        ("double_value", "double", 0.1),
        ("float_value", "float", 0.5),
        ("int8_value", "int8", -128),
        ("uint8_value", "uint8", 255),
        ("int16_value", "int16", -32_768),
        ("uint16_value", "uint16", 65_535),
        ("int32_value", "int32", -(2**31)),
        ("uint32_value", "uint32", 2**32 - 1),
        ("int64_value", "int64", -(2**63)),
        ("uint64_value", "uint64", 2**64 - 1),
        ("string_value", "string", "RAIN_SENSOR"),
    ],
)
async def test_values_keep_their_type(site: Site, field: str, datatype: str, value: Any) -> None:
    speed = MANIFEST.id_of("Vehicle.Speed")  # a signal of the manifest without a stated type
    site.actuators.register(speed, site.recorder)
    assert await site.ask(request(signal_id=speed, of=field, value=value)) == (SUCCEEDED, 0)
    assert [(one.datatype, one.value, one.path) for one in site.recorder.orders] == [(datatype, value, str(speed))]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"manifest": "another@1"}, 2),
        ({"manifest": ""}, 2),
        ({"signal_id": 4_000_000_000}, 3),
        ({"path": HORN}, 8),
        ({"of": "uint8_value", "value": 1}, 7),
        ({"path": LIMIT, "of": "uint8_value", "value": 49}, 12),
        ({"path": LIMIT, "of": "uint8_value", "value": 101}, 12),
        ({"path": LIMIT, "of": "uint8_value", "value": 256}, 12),
        ({"command_id": "another"}, 4),
        ({"actuator": pb.ActuatorCommand(signal_id=2)}, 4),
        ({"actuator": None}, 4),
    ],
)
async def test_what_fails_and_why(site: Site, changes: dict[str, Any], reason: int) -> None:
    assert await site.ask(request(**changes)) == (FAILED, reason)
    assert site.recorder.orders == []
    assert site.responses()[0].reason_description


async def test_a_vehicle_without_actuators_has_no_dispatcher(resting: Site) -> None:
    resting.actuators._registered.clear()
    await resting.start()
    assert await resting.ask(request()) == (FAILED, 5)


async def test_state_templates_need_someone_who_knows_them(site: Site) -> None:
    state = pb.LastKnownStateCommand(state_templates=[pb.StateTemplateCommand(state_template_sync_id="t@1")])
    payload = pb.CommandRequest(command_id="c1", last_known_state=state).SerializeToString()
    status, _ = await site.ask(payload)
    assert status == FAILED


async def test_an_actuator_says_why_not(site: Site) -> None:
    def refuses(_: Order) -> None:
        raise CommandError(0x1_0001, "the door is open")

    site.actuators.register(HORN, refuses)
    assert await site.ask(request(path=HORN)) == (FAILED, 0x1_0001)
    assert site.responses()[0].reason_description == "the door is open"


async def test_an_actuator_that_breaks_is_an_internal_error(site: Site) -> None:
    async def breaks(_: Order) -> None:
        raise ZeroDivisionError

    site.actuators.register(HORN, breaks)
    assert await site.ask(request(path=HORN)) == (FAILED, 13)
    assert site.responses()[0].reason_description == "ZeroDivisionError"


async def test_progress_is_reported_in_order_and_bounded(site: Site) -> None:
    def slow(order: Order) -> str:
        for number in range(300):
            order.in_progress(f"{number}", 0x1_0000)
        return "open"

    site.actuators.register(HORN, slow)
    site.send(request(path=HORN))
    await site.until(lambda: any(one.status == SUCCEEDED for one in site.responses()))
    *reports, last = site.responses()
    assert [one.reason_description for one in reports] == [str(number) for number in range(100)]
    assert {(one.status, one.reason_code) for one in reports} == {(Response.IN_PROGRESS, 0x1_0000)}
    assert (last.status, last.reason_description) == (SUCCEEDED, "open")


async def test_one_that_expired_on_its_way_is_not_carried_out(site: Site) -> None:
    old = clock.now_ms() - 61_000
    assert await site.ask(request(issued_timestamp_ms=old)) == (TIMED_OUT, 18)
    assert "by the vehicle's clock" in site.responses()[0].reason_description
    assert site.recorder.orders == []


async def test_a_clock_that_is_behind_wins_no_time(site: Site) -> None:
    future = clock.now_ms() + 3_600_000
    assert await site.ask(request(issued_timestamp_ms=future, timeout_ms=5_000)) == (SUCCEEDED, 0)
    (order,) = site.recorder.orders
    assert order.remaining_s is not None
    assert order.remaining_s <= 5


async def test_without_a_timeout_it_has_all_the_time(site: Site) -> None:
    assert await site.ask(request(timeout_ms=0, issued_timestamp_ms=5)) == (SUCCEEDED, 0)
    assert site.recorder.orders[0].remaining_s is None


async def test_times_that_cannot_be_are_answered(site: Site) -> None:
    most = 2**64 - 1
    for number, (issued, timeout) in enumerate([(most, most), (most, 1), (1, most), (0, most), (most, 0)]):
        name = f"n{number}"
        assert (await site.ask(request(name, issued_timestamp_ms=issued, timeout_ms=timeout), name))[0] in {
            SUCCEEDED,
            TIMED_OUT,
        }


def short(name: str = "c1", **fields: Any) -> bytes:
    """A command whose time is short, and counts from its arrival on: the way there is for nothing, however slow."""
    return request(name, timeout_ms=600, issued_timestamp_ms=clock.now_ms() + 60_000, **fields)


async def test_an_actuator_that_does_not_answer_times_out_and_is_ended(site: Site) -> None:
    site.recorder.gate.clear()
    assert await site.ask(short()) == (TIMED_OUT, 19)
    await site.until(lambda: site.recorder.at_work == 0)
    site.recorder.gate.set()
    assert await site.ask(request("c2"), "c2") == (SUCCEEDED, 0)
    assert len(site.responses("c1")) == 1


async def test_a_thread_that_hangs_keeps_its_actuator_busy_and_no_other(site: Site) -> None:
    gate = threading.Event()

    def hangs(_: Order) -> None:
        gate.wait(10)

    site.actuators.register(HORN, hangs)
    try:
        assert await site.ask(short(path=HORN)) == (TIMED_OUT, 19)
        assert await site.ask(short("c2", path=HORN), "c2") == (TIMED_OUT, 18)
        assert await site.ask(request("c3"), "c3") == (SUCCEEDED, 0)
    finally:
        gate.set()
    assert await site.ask(request("c4", path=HORN), "c4") == (SUCCEEDED, 0)
    assert len(site.responses("c1")) == 1


async def test_one_at_a_time_and_in_order_for_one_actuator(site: Site) -> None:
    site.recorder.gate.clear()
    names = [f"n{number}" for number in range(20)]
    for number, name in enumerate(names):
        site.send(request(name, value=number % 2 == 0), name)
    site.send(request("other", path=LIMIT, of="uint8_value", value=80), "other")
    await site.until(lambda: len(site.recorder.orders) == 2)  # one of each actuator
    await asyncio.sleep(0.05)
    assert len(site.recorder.orders) == 2
    site.recorder.gate.set()
    for name in names:
        assert (await site.response(name)).status == SUCCEEDED
    assert [one.command_id for one in site.recorder.orders if one.path == HVAC] == names
    assert site.recorder.most_at_work == 2


async def test_beyond_what_can_wait_it_is_busy(site: Site) -> None:
    site.recorder.gate.clear()
    assert site.agent is not None
    at_work = site.agent._commands._open
    for number in range(desk.MOST_OPEN + 5):
        name = f"n{number}"
        site.send(request(name), name)
        await site.until(lambda number=number: len(at_work) == min(number + 1, desk.MOST_OPEN))  # type: ignore[misc]  # a default
    refused = [await site.response(f"n{number}") for number in range(desk.MOST_OPEN, desk.MOST_OPEN + 5)]
    assert {(one.status, one.reason_code) for one in refused} == {(FAILED, 9)}
    site.recorder.gate.set()
    for number in range(desk.MOST_OPEN):
        assert (await site.response(f"n{number}")).status == SUCCEEDED


async def test_an_id_that_no_topic_can_hold_is_not_answered(site: Site) -> None:
    site.send(request("a b"), "a b")
    assert await site.ask(request()) == (SUCCEEDED, 0)
    assert site.counted("bad_id") == 1
    assert site.responses("a b") == []


async def test_whatever_bytes_come_the_next_command_is_carried_out(site: Site) -> None:
    dice = random.Random(3)
    for number in range(150):
        name = f"junk-{number}"
        payload = bytearray(request(name, timeout_ms=200))
        for _ in range(dice.randint(1, 6)):
            payload[dice.randrange(len(payload))] = dice.randrange(256)
        junk = bytes(payload) if number % 3 else dice.randbytes(dice.randint(0, 60))
        site.send(junk, name)
        assert (await site.response(name)).status in {SUCCEEDED, FAILED, TIMED_OUT}
    assert await site.ask(request()) == (SUCCEEDED, 0)
