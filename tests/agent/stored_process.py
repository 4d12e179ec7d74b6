"""A process for test_stored_killed.py: an agent that stores, on a bus that opens and shuts a gate."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import numpy as np

from kaido.agent import Agent, AgentConfig, Endpoint, MemorySource
from kaido.can.frames import Frames
from kaido.runtime.clock import now_us

COUNTER, GATE = 0x100, 0x200
FRAME_S = 0.005
GATE_FRAMES = 40
LAST_FRAMES = 50
KILLED_FIRST = 1_000_000


async def main(settings: dict[str, str], run: int) -> None:
    state, folder = Path(settings["state"]), Path(settings["certificates"])
    files = (folder / "vehicle.pem", folder / "vehicle.key", folder / "ca.pem")
    endpoint = Endpoint("localhost", int(settings["port"]), *files)
    config = AgentConfig(
        "car-1", endpoint, state, window=8, backoff_first_s=0.02, backoff_longest_s=0.1, live_lag_s=0.0
    )
    source = MemorySource()
    agent = Agent(config, source)
    stop = asyncio.Event()
    running = asyncio.create_task(agent.run(stop))
    for number in range(LAST_FRAMES if settings["gate"] == "open" else KILLED_FIRST):
        gate = settings["gate"] == "open" or (settings["gate"] == "swings" and number // GATE_FRAMES % 2)
        await source.put(frames(run * 1_000_000 + number, gate=bool(gate)))
        await asyncio.sleep(FRAME_S)
    while True:  # until the cloud has all
        await asyncio.sleep(0.01)
        so_far = agent.summary()
        if so_far.samples == LAST_FRAMES and not so_far.waiting and not so_far.stored:
            break
    stop.set()
    await running


def frames(number: int, *, gate: bool) -> Frames:
    data = np.zeros((2, 8), np.uint8)
    data[0, :4] = np.frombuffer(number.to_bytes(4, "little"), np.uint8)
    data[1, 0] = gate
    return Frames(
        np.full(2, now_us()),
        np.zeros(2, np.uint16),
        ("can0",),
        np.array([COUNTER, GATE], np.uint32),
        np.zeros(2, np.uint8),
        np.full(2, 8, np.uint8),
        data,
    )


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1]), int(sys.argv[2])))
