"""A process for test_killed.py: hands numbered payloads to an uplink, and writes down which are in the outbox."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from kaido.agent.config import AgentConfig, Endpoint
from kaido.agent.outbox import Outbox, Outgoing
from kaido.agent.uplink import Uplink
from kaido.runtime.status import Report

TOPIC = "$aws/iotfleetwise/vehicles/car-1/signals"


async def main(settings: dict[str, str], count: int) -> None:
    state, port = Path(settings["state"]), int(settings["port"])
    folder = Path(settings["certificates"])
    endpoint = Endpoint("localhost", port, folder / "vehicle.pem", folder / "vehicle.key", folder / "ca.pem")
    config = AgentConfig("car-1", endpoint, state, window=8, backoff_first_s=0.02, backoff_longest_s=0.1)
    box = Outbox(state / "outbox.db", 10**8)
    uplink = Uplink(config, box, Report("agent"), on_message=lambda *_: None, on_connected=lambda: None)
    running = asyncio.create_task(uplink.run())
    with (state / "kept.log").open("a") as kept:
        for number in range(count):
            name = f"{settings['run']}-{number}"
            uplink.offer([Outgoing(TOPIC, name.encode())])
            while uplink._new or uplink._writing:  # noqa: ASYNC110  # until it is on disk
                await asyncio.sleep(0)
            kept.write(name + "\n")
            kept.flush()
            await asyncio.sleep(0.001)
    await uplink.drained()
    running.cancel()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1]), int(sys.argv[2])))
