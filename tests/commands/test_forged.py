"""A stolen gateway (or whoever may publish on the way down) cannot make a car do anything where the company signs."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import mqtt5

from kaido.agent import Agent, MemorySource
from kaido.agent.commands import Actuators
from kaido.agent.config import AgentConfig, Endpoint
from kaido.commands.keys import CommandKeys
from kaido.flow import DownKind, UpKind
from kaido.runtime import clock
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire import signing
from tests.commands.conftest import AC, MANIFEST, Room
from tests.gateway.rig import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kaido.agent.commands import Order


@asynccontextmanager
async def car_with_key(room: Room) -> AsyncIterator[list[object]]:
    """A real agent that knows its company's key; what its air conditioning was set to."""
    done: list[object] = []
    actuators = Actuators()

    def set_it(order: Order) -> None:
        done.append(order.value)

    actuators.register(AC, set_it)
    key = room.rig.folder / "command-key.pem"
    public = room.commands.policies.public_key("acme")
    assert public is not None
    key.write_text(public)
    held = room.rig.credentials()
    endpoint = Endpoint("127.0.0.1", room.rig.gateway.port, held.certificate, held.key, room.rig.trust, "localhost")
    config = AgentConfig("car-1", endpoint, room.rig.folder / "agent", command_key=key)
    agent = Agent(config, MemorySource(), actuators=actuators)
    stop = asyncio.Event()
    running = asyncio.create_task(agent.run(stop))
    await until(lambda: room.presence.connected("acme", "car-1"))
    await until(lambda: (session := room.rig.gateway.sessions.get("acme", "car-1")) and session.subscriptions)
    await room.rig.down("car-1", DownKind.DECODER_MANIFEST, MANIFEST.to_wire().SerializeToString())
    try:
        yield done
    finally:
        stop.set()
        await asyncio.wait_for(running, 30)


async def answers(room: Room, count: int) -> list[tuple[str, int, int]]:
    """What the car has answered: command id, status, reason code."""
    async with asyncio.timeout(30):
        while True:
            rows = await room.rig.journaled()
            said = [
                pb.CommandResponse.FromString(row["payload"]) for row in rows if row["kind"] == UpKind.COMMAND_RESPONSE
            ]
            if len(said) >= count:
                return [(one.command_id, one.status, one.reason_code) for one in said]
            await asyncio.sleep(0.05)


async def test_who_publishes_on_the_way_down_cannot_forge(room: Room) -> None:
    room.set_policy({"signing": True})
    forged = pb.CommandRequest(command_id="f1", timeout_ms=10_000, issued_timestamp_ms=clock.now_ms())
    forged.actuator.signal_id = MANIFEST.actuator_id_of(AC)
    forged.actuator.decoder_manifest_sync_id = MANIFEST.sync_id
    forged.actuator.bool_value = True
    async with car_with_key(room) as done:
        payload = forged.SerializeToString()
        await room.rig.down("car-1", DownKind.COMMAND_REQUEST, payload, id="f1")
        await room.rig.down("car-1", DownKind.COMMAND_SIGNATURE, bytes(64), id="f2")
        forged.command_id = "f2"
        await room.rig.down("car-1", DownKind.COMMAND_REQUEST, forged.SerializeToString(), id="f2")
        found = await answers(room, 2)
        assert {(name, status) for name, status, _ in found} == {
            ("f1", pb.CommandResponse.EXECUTION_FAILED),
            ("f2", pb.CommandResponse.EXECUTION_FAILED),
        }
        assert done == []
        await room.send(id="c1")
        assert (await answers(room, 3))[-1] == ("c1", pb.CommandResponse.SUCCEEDED, 0)
        assert done == [True]


async def test_a_signature_of_one_car_is_worth_nothing_at_another(room: Room) -> None:
    room.set_policy({"signing": True})
    async with car_with_key(room) as done, await room.car("car-2") as other:
        await room.send(id="c1", vehicle="car-2")
        signature, request = [(await other.expect(mqtt5.PublishPacket)).payload for _ in range(2)]
        assert signing.is_signed(
            CommandKeys(room.rig.settings).key("acme").public_key(), "car-2", "c1", request, signature
        )
        await room.rig.down("car-1", DownKind.COMMAND_SIGNATURE, signature, id="c1")
        await room.rig.down("car-1", DownKind.COMMAND_REQUEST, request, id="c1")
        assert (await answers(room, 1))[0][:2] == ("c1", pb.CommandResponse.EXECUTION_FAILED)
        assert done == []


def test_the_key_is_the_company_s_alone(room: Room) -> None:
    keys = room.commands.policies.keys
    assert room.commands.policies.public_key("acme") is None
    room.set_policy({"signing": True})
    public = room.commands.policies.public_key("acme")
    file = keys.file("acme")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.parent.stat().st_mode & 0o077 == 0
    room.set_policy({})
    room.set_policy({"signing": True})
    assert room.commands.policies.public_key("acme") == public
    assert CommandKeys(room.rig.settings).public("acme") == public
