"""kill -9 while commands come and are sent again: each is acted on at most once, and each gets an answer that stays."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from kaido.agent.documents import Documents
from kaido.flow import DownKind
from kaido.runtime.status import Report
from kaido.wire.topics import FLEETWISE
from tests.agent.commands.conftest import MANIFEST, Response, request

if TYPE_CHECKING:
    from kaido.agent.testing import Broker

KILLS = 4
COMMANDS = 40
PROCESS = Path(__file__).with_name("commanded_process.py")


def answers(broker: Broker) -> dict[str, list[Response]]:
    """The responses by command."""
    found: dict[str, list[Response]] = {}
    for payload in broker.payloads("response/protobuf"):
        one = Response.FromString(payload)
        found.setdefault(one.command_id, []).append(one)
    return found


async def test_killed_again_and_again(broker: Broker, certificates: Path, tmp_path: Path) -> None:
    dice = random.Random(11)
    state = tmp_path / "state"
    state.mkdir()
    Documents(state, Report("agent")).take(DownKind.DECODER_MANIFEST, MANIFEST.to_wire().SerializeToString())
    settings = json.dumps({"state": str(state), "port": broker.port, "certificates": str(certificates)})
    names = [f"n{number}" for number in range(COMMANDS)]
    payloads = {name: request(name, timeout_ms=600_000) for name in names}

    async def start() -> asyncio.subprocess.Process:
        before = len(broker.payloads("checkins"))
        process = await asyncio.create_subprocess_exec(sys.executable, PROCESS, settings)
        async with asyncio.timeout(30):
            while len(broker.payloads("checkins")) == before:
                assert process.returncode is None
                await asyncio.sleep(0.01)
        return process

    def send(name: str) -> None:
        broker.send(FLEETWISE.down("car-1", DownKind.COMMAND_REQUEST, name), payloads[name])

    for _ in range(KILLS):
        process = await start()
        for name in dice.sample(names, COMMANDS // 2):
            send(name)
            await asyncio.sleep(0.002)
        await asyncio.sleep(dice.uniform(0, 0.2))
        process.kill()
        await process.wait()
    process = await start()
    async with asyncio.timeout(30):
        while answers(broker).keys() != set(names):
            for name in set(names) - answers(broker).keys():
                send(name)
            await asyncio.sleep(0.5)
    process.kill()
    await process.wait()

    done = Counter((state / "done.log").read_text().split())
    assert set(done.values()) == {1}
    for name, said in answers(broker).items():
        assert all(one == said[0] for one in said)  # whatever was answered first stays
        if said[0].status == Response.SUCCEEDED:
            assert done[name] == 1
        else:
            assert (said[0].reason_code, "may have been done" in said[0].reason_description) == (13, True)
