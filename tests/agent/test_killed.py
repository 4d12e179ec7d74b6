"""kill -9, again and again: nothing that is in the outbox is lost, and only what is in doubt is sent twice."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import mqtt5

if TYPE_CHECKING:
    from kaido.agent.testing import Broker, Connection

KILLS = 5
WINDOW = 8
PROCESS = Path(__file__).with_name("kept_process.py")


async def test_killed_again_and_again(broker: Broker, certificates: Path, tmp_path: Path) -> None:
    dice = random.Random(5)
    state = tmp_path / "state"
    state.mkdir()
    # Some acknowledgements come late, so that a kill finds publishes in flight.
    broker.verdict = lambda _: None

    def acknowledge_late(connection: Connection, _packet: mqtt5.PublishPacket) -> None:
        asyncio.get_running_loop().call_later(dice.uniform(0, 0.02), connection.acknowledge)

    broker.on_publish = acknowledge_late

    async def start(run: int, count: int) -> asyncio.subprocess.Process:
        settings = {"state": str(state), "port": broker.port, "certificates": str(certificates), "run": run}
        return await asyncio.create_subprocess_exec(sys.executable, PROCESS, json.dumps(settings), str(count))

    for run in range(KILLS):
        before = len(broker.published)
        process = await start(run, 10**6)
        async with asyncio.timeout(60):
            while len(broker.published) < before + 20:  # noqa: ASYNC110  # a test
                await asyncio.sleep(0.01)
        await asyncio.sleep(dice.uniform(0, 0.1))
        process.kill()
        await process.wait()
    last = await start(KILLS, 5)
    assert await asyncio.wait_for(last.wait(), 30) == 0

    kept = (state / "kept.log").read_text().split()
    arrived = Counter(payload.decode() for payload in broker.payloads())
    assert set(kept) <= set(arrived)
    # At most one more of each run may have been on its way to the disk.
    assert len(set(arrived) - set(kept)) <= KILLS
    assert sum(count - 1 for count in arrived.values()) <= KILLS * WINDOW
    first = list(dict.fromkeys(payload.decode() for payload in broker.payloads()))
    assert first == sorted(first, key=lambda name: [int(part) for part in name.split("-")])
    again = [packet for packet in broker.published if packet.duplicate]
    assert again
    assert all(packet.qos == mqtt5.QoS.AT_LEAST_ONCE for packet in again)
