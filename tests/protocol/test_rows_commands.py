"""wire.md, CommandRequest and CommandResponse, and what "Behaviour" says of commands."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from tests.protocol import messages as m
from tests.protocol.cloud import HVAC, INTEGERS, SPEED, until
from tests.protocol.edge import Edge, now_ms
from tests.protocol.messages import WIRE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.protocol.cloud import Cloud

VALUES: dict[str, Any] = {"boolean": True, "float": 0.5, "double": 0.1, "string": "RAIN_SENSOR"} | {
    name: 2 ** (int(name.rpartition("t")[2]) - name.startswith("int")) - 1 for name in INTEGERS
}
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def edge(cloud: Cloud) -> Iterator[Edge]:
    with cloud.running("obedient", campaign=False) as running:
        yield running


@pytest.fixture
def name(edge: Edge) -> Iterator[str]:
    """A command id; afterwards the vehicle does as it is told again."""
    yield f"command-{next(_NUMBERS)}"
    edge.obey = lambda _: (m.SUCCEEDED, 0, "")


def asked(edge: Edge, command_id: str) -> dict[str, Any]:
    """The request of this id, when it has come."""
    edge.until(lambda: any(one["command_id"] == command_id for one in edge.commands), command_id)
    return next(one for one in edge.commands if one["command_id"] == command_id)


@pytest.mark.parametrize("datatype", list(VALUES))
def test_command_request_values_are_typed(cloud: Cloud, edge: Edge, name: str, datatype: str) -> None:
    path, value = f"Test.Of{datatype.capitalize()}", VALUES[datatype]
    began = now_ms()
    cloud.command(edge.vehicle, path, value, id=name, timeout="17s")
    request = asked(edge, name)
    assert edge.manifest is not None
    assert request["actuator"] == {
        "signal_id": edge.actuator(path)["signal_id"],
        "decoder_manifest_sync_id": edge.manifest["sync_id"],
        {"boolean": "bool"}.get(datatype, datatype): value,
    }
    assert request["timeout_ms"] == 17_000
    assert abs(request["issued_timestamp_ms"] - began) < 60_000
    assert cloud.outcome(name)["outcome"] == "succeeded"


def test_command_request_last_known_state(cloud: Cloud, edge: Edge) -> None:
    cloud.post("state-templates", {"name": "lks", "signals": [SPEED], "on_change": True, "targets": [edge.vehicle]})
    edge.until(lambda: bool(edge.templates), "a state template")
    edge.checkin()
    (sync_id,) = edge.templates
    wishes = {
        "activate": ({"deactivate_after": "90s"}, {"deactivate_after_seconds": 90}),
        "deactivate": ({}, {}),
        "fetch": ({}, {}),
    }
    for operation, (more, expected) in wishes.items():
        made = cloud.post(f"state-templates/lks/{operation}", {"vehicles": [edge.vehicle], "timeout": "20s", **more})
        command_id = made["commands"][0]["id"]
        (wanted,) = asked(edge, command_id)["last_known_state"]["templates"]
        field = "fetch_snapshot" if operation == "fetch" else operation
        assert wanted == {"state_template_sync_id": sync_id, field: expected}
        assert cloud.outcome(command_id)["outcome"] == "succeeded"


@pytest.mark.parametrize(
    ("status", "code", "text", "outcome"),
    [
        (m.SUCCEEDED, 0, "", "succeeded"),
        (m.SUCCEEDED, 0x1_0000, "with a remark", "succeeded"),
        (m.EXECUTION_FAILED, 8, "", "failed"),
        (m.EXECUTION_FAILED, 0x1_FFFF, "the door is open", "failed"),
        (m.EXECUTION_TIMEOUT, 0x13, "", "timed out"),
    ],
)
def test_command_response_statuses_and_reasons(
    cloud: Cloud, edge: Edge, name: str, status: int, code: int, text: str, outcome: str
) -> None:
    edge.obey = lambda _: (status, code, text)
    cloud.command(edge.vehicle, HVAC, True, id=name)
    ended = cloud.outcome(name)
    assert (ended["outcome"], ended["code"] or 0) == (outcome, code)
    assert text in ended["text"]


def test_command_response_in_progress_is_no_outcome_and_wins_no_time(cloud: Cloud, edge: Edge, name: str) -> None:
    edge.obey = lambda _: (m.IN_PROGRESS, 0x1_0001, "half of it")
    cloud.command(edge.vehicle, HVAC, True, id=name, timeout="4s")
    until(lambda: cloud.get(f"commands/{name}")["execution"]["state"] == "in progress", "a report")
    assert cloud.get(f"commands/{name}")["execution"]["outcome"] is None
    assert edge.respond(name, m.IN_PROGRESS) == 0
    assert cloud.outcome(name)["outcome"] == "timed out"


def test_a_response_after_the_outcome_changes_nothing(cloud: Cloud, edge: Edge, name: str) -> None:
    cloud.command(edge.vehicle, HVAC, True, id=name)
    assert cloud.outcome(name)["outcome"] == "succeeded"
    assert edge.respond(name, m.EXECUTION_FAILED, 13, "late") == 0
    until(lambda: noted(cloud, name, "late"), "a note")
    assert cloud.outcome(name)["outcome"] == "succeeded"


def noted(cloud: Cloud, command_id: str, text: str) -> bool:
    """Whether something was noted of a command."""
    return any(text in one["text"] for one in cloud.get(f"commands/{command_id}")["execution"]["transitions"])


@pytest.mark.parametrize("payload", [b"\xff\xff\xff", WIRE.encode("CommandResponse", {"status": 99})])
def test_a_response_that_says_nothing_is_no_outcome(cloud: Cloud, edge: Edge, name: str, payload: bytes) -> None:
    edge.obey = lambda _: None
    cloud.command(edge.vehicle, HVAC, True, id=name)
    asked(edge, name)
    assert edge.publish(f"{edge.c}executions/{name}/response/protobuf", payload) == 0
    assert edge.respond(name, m.SUCCEEDED) == 0
    assert cloud.outcome(name)["outcome"] == "succeeded"


def test_a_response_to_a_command_that_nobody_sent_costs_nothing(cloud: Cloud, edge: Edge, name: str) -> None:
    assert edge.respond("never-sent", m.SUCCEEDED) == 0
    cloud.command(edge.vehicle, HVAC, True, id=name)
    assert cloud.outcome(name)["outcome"] == "succeeded"


def test_another_vehicle_cannot_answer(cloud: Cloud, edge: Edge, name: str) -> None:
    edge.obey = lambda _: None
    with cloud.running("impostor", campaign=False) as impostor:
        cloud.command(edge.vehicle, HVAC, True, id=name)
        asked(edge, name)
        assert impostor.respond(name, m.EXECUTION_FAILED, 13, "impostor") == 0
        impostor.checkin()
    assert edge.respond(name, m.SUCCEEDED) == 0
    ended = cloud.outcome(name)
    assert (ended["outcome"], "impostor" in ended["text"]) == ("succeeded", False)


def test_an_actuator_command_that_names_another_manifest_fails_with_reason_2(
    cloud: Cloud, edge: Edge, name: str
) -> None:
    assert edge.manifest is not None
    own, edge.manifest = edge.manifest, {**edge.manifest, "sync_id": "an-older-one@1"}
    cloud.command(edge.vehicle, HVAC, True, id=name)
    ended = cloud.outcome(name)
    edge.manifest = own
    assert (ended["outcome"], ended["code"]) == ("failed", 2)
    assert own["sync_id"] in ended["text"]


def test_one_that_was_away_gets_it_when_it_connects_if_it_is_still_valid(cloud: Cloud, name: str) -> None:
    with cloud.running("offline", campaign=False) as before:
        manifest = before.manifest
    cloud.command("offline", HVAC, True, id=name, timeout="60s")
    cloud.command("offline", HVAC, False, id=f"{name}-short", timeout="300ms")
    assert cloud.outcome(f"{name}-short")["outcome"] == "expired before delivery"
    with Edge(before.config, manifest=manifest) as edge:
        assert cloud.outcome(name)["outcome"] == "succeeded"
        assert [one["command_id"] for one in edge.commands] == [name]


def test_one_that_expired_on_its_way_is_not_carried_out(cloud: Cloud, edge: Edge, name: str) -> None:
    """As the C++ agent answers: execution timeout, timed out before dispatch."""
    late = {"issued_timestamp_ms": now_ms() - 60_000}
    answer, edge.answer = edge.answer, lambda request: answer(request | late)  # type: ignore[method-assign]  # a slow way
    cloud.command(edge.vehicle, HVAC, True, id=name)
    ended = cloud.outcome(name)
    edge.answer = answer  # type: ignore[method-assign]  # as before
    assert (ended["outcome"], ended["code"]) == ("timed out", 0x12)


def test_a_vehicle_that_is_not_subscribed_to_signatures_gets_none(cloud: Cloud, edge: Edge, name: str) -> None:
    """A stock agent still works where a company signs its commands."""
    cloud.command(edge.vehicle, HVAC, True, id=name)
    assert cloud.outcome(name)["outcome"] == "succeeded"
    assert {one.topic.rpartition("/")[2] for one in edge.received if one.topic.startswith(edge.c)} == {"protobuf"}
