"""A process for test_commands_killed.py: an agent whose actuator writes down what it does."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kaido.agent import Agent, MemorySource
from kaido.agent.commands import Actuators
from kaido.agent.config import AgentConfig, Endpoint

if TYPE_CHECKING:
    from kaido.agent.commands import Order


async def main(settings: dict[str, str]) -> None:
    state, folder = Path(settings["state"]), Path(settings["certificates"])
    endpoint = Endpoint(
        "localhost", int(settings["port"]), folder / "vehicle.pem", folder / "vehicle.key", folder / "ca.pem"
    )
    config = AgentConfig("car-1", endpoint, state, backoff_first_s=0.02, backoff_longest_s=0.1)
    actuators = Actuators()
    with (state / "done.log").open("a") as log:

        async def act(order: Order) -> None:
            log.write(f"{order.command_id}\n")
            log.flush()
            await asyncio.sleep(0.01)

        actuators.register("*", act)
        await Agent(config, MemorySource(), actuators=actuators).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
