"""wire.md, "Topics", a row each, in both spellings."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from tests.protocol.cloud import HVAC, SPEED, until
from tests.protocol.edge import compress, now_ms
from tests.protocol.messages import SUCCEEDED, WIRE

if TYPE_CHECKING:
    from tests.protocol.cloud import Cloud
    from tests.protocol.edge import Edge

_NUMBERS = itertools.count(1)
SPELLINGS = {
    "aws": {},
    "aws-named": {"iotFleetWiseTopicPrefix": "$aws/iotfleetwise/", "commandsTopicPrefix": "$aws/commands/"},
    "kaido": {"iotFleetWiseTopicPrefix": "kaido/v/{id}/", "commandsTopicPrefix": "kaido/c/{id}/"},
}


@pytest.fixture(params=list(SPELLINGS))
def named(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A vehicle id of its own, and a spelling in the configuration."""
    return {"vehicle": f"v{next(_NUMBERS)}-{request.param}", **SPELLINGS[request.param]}


def tails(edge: Edge) -> set[str]:
    return {one.topic.removeprefix(edge.p) for one in edge.received}


def test_up_checkins_and_down_decoder_manifests_and_collection_schemes(cloud: Cloud, named: dict[str, Any]) -> None:
    """A checkin with nothing in it is answered with both documents, in the spelling of the subscription."""
    with cloud.running(**named) as edge:
        assert tails(edge) >= {"decoder_manifests", "collection_schemes"}
        assert all(one.topic.startswith((edge.p, edge.c)) for one in edge.received)
        assert edge.p.startswith("kaido/v/") == ("kaido/v/{id}/" in named.values())


@pytest.mark.parametrize("snappy", [True, False], ids=["snappy", "plain"])
def test_up_signals(cloud: Cloud, named: dict[str, Any], snappy: bool) -> None:
    vehicle = named["vehicle"]
    with cloud.running(**named) as edge:
        moment = edge.send([{"signal_id": edge.id_of(), "double_value": 72.5}], snappy=snappy)
        (row,) = cloud.rows(vehicle, 1)
    assert (row["signal"], row["value"], row["ms"]) == (SPEED, 72.5, moment)


def test_down_last_known_states_config_and_up_last_known_states_data(cloud: Cloud, named: dict[str, Any]) -> None:
    vehicle = named["vehicle"]
    with cloud.running(**named) as edge:
        wish = {"name": vehicle, "signals": [SPEED], "on_change": True, "targets": [vehicle]}
        template = cloud.post("state-templates", wish)
        edge.until(lambda: bool(edge.templates), "a state template")
        (sync_id,) = edge.templates
        assert template["name"] in sync_id
        moment = edge.send_state(sync_id, [{"signal_id": edge.id_of(), "double": 12.25}])
        (row,) = cloud.rows(vehicle, 1)
    assert (row["signal"], row["value"], row["ms"]) == (SPEED, 12.25, moment)


def test_down_command_request_and_up_command_response(cloud: Cloud, named: dict[str, Any]) -> None:
    with cloud.running(**named) as edge:
        cloud.command(edge.vehicle, HVAC, True, id=f"c-{edge.vehicle}")
        edge.until(lambda: bool(edge.commands), "a command")
        (got,) = [one for one in edge.received if "/request/" in one.topic]
        command_id = edge.commands[0]["command_id"]
        assert got.topic == f"{edge.c}executions/{command_id}/request/protobuf"  # subscribed with + in its place
        assert cloud.outcome(command_id)["outcome"] == "succeeded"


def test_down_acknowledgements_of_responses_are_optional(cloud: Cloud) -> None:
    """The gateway's PUBACK says that the response is on disk. What comes on these topics would be no request."""
    with cloud.running("acknowledged") as edge:
        cloud.command(edge.vehicle, HVAC, True, id="acknowledged-1")
        assert cloud.outcome("acknowledged-1")["outcome"] == "succeeded"
        assert all("/response/" in one.topic for one in edge.acknowledged)
        assert len(edge.commands) == 1


def test_both_jobs_of_forced_uploads_may_be_subscribed_and_asked_for(cloud: Cloud) -> None:
    """There are no jobs here. An edge agent that asks for them is told so, and stays connected."""
    with cloud.running("jobs") as edge:
        jobs = f"$aws/things/{edge.vehicle}/jobs/"
        assert edge.subscribe([f"{jobs}notify", f"{jobs}$next/get/accepted"]) == [1, 1]
        assert edge.publish(f"{jobs}$next/get", b"{}") == 0x90
        edge.checkin()


@pytest.mark.parametrize("asked_for", [True, False], ids=["the campaign asks for Snappy", "it does not"])
@pytest.mark.parametrize("snappy", [True, False], ids=["it is", "it is not"])
def test_snappy_carries_no_marker(cloud: Cloud, asked_for: bool, snappy: bool) -> None:
    """Whatever the campaign says, both readings are tried before a payload is called malformed."""
    vehicle = f"marker-{asked_for}-{snappy}"
    cloud.campaign(vehicle, vehicle, compression=asked_for)
    with cloud.running(vehicle, campaign=False) as edge:
        edge.until(lambda: bool(edge.schemes), "a scheme")
        (scheme,) = edge.schemes.values()
        assert scheme.get("compress_collected_data", False) == asked_for
        edge.send([{"signal_id": edge.id_of(), "double_value": 1.0}], snappy=snappy)
        assert cloud.rows(vehicle, 1)[0]["value"] == 1.0


def test_what_is_neither_is_kept_in_quarantine(cloud: Cloud) -> None:
    with cloud.running("neither") as edge:
        assert edge.publish(f"{edge.p}signals", b"\xff\xff\xff") == 0
        assert cloud.quarantined("neither").startswith("malformed")


def test_last_known_state_data_that_is_not_snappy_is_read_all_the_same(cloud: Cloud) -> None:
    with cloud.running("plain-state") as edge:
        signals = [{"signal_id": edge.id_of(), "double": 5.0}]
        captured = [{"state_template_sync_id": "any", "captured_signals": signals}]
        data = {"collection_event_time_ms_epoch": now_ms(), "captured_state_template_signals": captured}
        payload = WIRE.encode("LastKnownStateData", data)
        for one in (payload, compress(payload)):
            assert edge.publish(f"{edge.p}last_known_states/data", one) == 0
        until(lambda: bool(cloud.rows("plain-state", 1)), "a value")


def test_another_vehicles_topics_are_not_its_own(cloud: Cloud) -> None:
    with cloud.running("nosy") as edge:
        foreign = edge.p.replace("nosy", "aws")
        assert edge.subscribe([f"{foreign}decoder_manifests"]) == [0x87]
        response = {"status": SUCCEEDED, "command_id": "c1"}
        topic = f"{edge.c.replace('nosy', 'other')}executions/c1/response/protobuf"
        edge.say(topic, WIRE.encode("CommandResponse", response))
        assert edge.ended() == 0x87
